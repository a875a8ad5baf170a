import {
  AuditorServiceService,
  Batch,
  BatchState,
  Breach,
  BreachState,
  type GetQueueStatusResponse,
  type ListBatchesRequest,
  type ListBreachesRequest,
  Template,
  TemplateState,
} from '@assay/proto/gen/assay/auditor/v1/auditor_service';
import { BreachSeverity } from '@assay/proto/gen/assay/auditor/v1/events';
import { DeadLetter } from '@assay/proto/gen/assay/platform/v1/dead_letters';
import type { Clock } from '@assay/shared/kernel/clock';
import {
  parseClass,
  parseLetterState,
  renderLetter,
  renderWholeLetter,
} from '@assay/shared/runtime/dead-letter-message';
import type { DeadLetterStore } from '@assay/shared/runtime/dead-letters';
import { nameOf } from '@assay/shared/runtime/enum-name';
import { GrpcFault, implement, type Implementation } from '@assay/shared/runtime/grpc-server';
import { cutPage, decodePageToken, encodePageToken, pageSize } from '@assay/shared/runtime/paging';
import type { Circuit } from '../../node-ports.ts';
import type { AuditRecords, BatchFilter, BreachRecords, QueueControl, QueueCounts } from '../../upkeep-ports.ts';
import { renderBatch, renderBreach, renderTemplate } from './render.ts';
import { msOf } from './request-time.ts';

export interface ServiceParts {
  readonly clock: Clock;
  readonly records: AuditRecords;
  readonly letters: DeadLetterStore;
  readonly breaches: Pick<BreachRecords, 'list'>;
  readonly queue: { count(nowMs: number): Promise<QueueCounts> };
  readonly control: QueueControl;
  readonly circuit: Circuit;
  /** Tasks that this replica works on at the same time. */
  readonly workers: number;
}

/** Questions about verdicts, for any team (02-auditor section 10). */
export function auditorService(parts: ServiceParts): Implementation {
  const { records, letters } = parts;
  return implement(AuditorServiceService, {
    getBatch: async ({ poolId, batchId }) => {
      const record = await records.batch(`${poolId}/${batchId}`);
      if (record === undefined) throw new GrpcFault('BATCH_UNKNOWN', `no batch ${poolId}/${batchId}`);
      return { batch: renderBatch(record, 'with-shares') };
    },
    listBatches: (request) => listBatches(records, request),
    getTemplate: async ({ templateId }) => {
      const record = await records.template(templateId.toString('hex'));
      if (record === undefined) throw new GrpcFault('TEMPLATE_UNKNOWN', `no template ${templateId.toString('hex')}`);
      return { template: renderTemplate(record) };
    },
    listTemplates: async ({ state, code, pageSize: size, pageToken }) => {
      const limit = pageSize(size);
      const { id: afterId = '' } = decodePageToken(pageToken);
      const stateName = nameOf(TemplateState, 'TEMPLATE_STATE_', state);
      const filter = { ...(stateName === undefined ? {} : { state: stateName }), ...(code === '' ? {} : { code }) };
      const found = await records.templates(filter, { limit: limit + 1, afterId });
      const { messages, last } = cutPage(found, limit, renderTemplate, Template);
      return { templates: messages, nextPageToken: last === undefined ? '' : encodePageToken({ id: last.id }) };
    },
    getQueueStatus: () => queueStatus(parts),
    listDeadLetters: async ({ state, class: wanted, pageSize: size, pageToken }) => {
      const limit = pageSize(size);
      const { id } = decodePageToken(pageToken);
      const stateName = parseLetterState(state);
      const className = parseClass(wanted);
      const filter = {
        ...(stateName === undefined ? {} : { state: stateName }),
        ...(className === undefined ? {} : { class: className }),
      };
      const found = await letters.list(filter, { limit: limit + 1, ...(id === undefined ? {} : { after: id }) });
      const { messages, last } = cutPage(found, limit, renderLetter, DeadLetter);
      return { deadLetters: messages, nextPageToken: last === undefined ? '' : encodePageToken({ id: last._id }) };
    },
    getDeadLetter: async ({ deadLetterId }) => {
      const letter = await letters.get(deadLetterId);
      if (letter === undefined) throw new GrpcFault('DEAD_LETTER_UNKNOWN', `no dead letter ${deadLetterId}`);
      return { deadLetter: renderWholeLetter(letter) };
    },
    listBreaches: (request) => listBreaches(parts, request),
  });
}

async function listBreaches({ breaches }: ServiceParts, request: ListBreachesRequest) {
  const limit = pageSize(request.pageSize);
  const { id: afterId = '' } = decodePageToken(request.pageToken);
  const state = nameOf(BreachState, 'BREACH_STATE_', request.state);
  const severity = nameOf(BreachSeverity, 'BREACH_SEVERITY_', request.severity);
  const filter = { ...(state === undefined ? {} : { state }), ...(severity === undefined ? {} : { severity }) };
  const found = await breaches.list(filter, { limit: limit + 1, afterId });
  const { messages, last } = cutPage(found, limit, renderBreach, Breach);
  return { breaches: messages, nextPageToken: last === undefined ? '' : encodePageToken({ id: last.id }) };
}

async function listBatches(records: AuditRecords, request: ListBatchesRequest) {
  const limit = pageSize(request.pageSize);
  const { at, id } = decodePageToken(request.pageToken);
  const after = at === undefined || id === undefined ? undefined : { receivedAtMs: Number(at), id };
  const found = await records.batches(filterOf(request), { limit: limit + 1, after });
  const { messages, last } = cutPage(found, limit, (record) => renderBatch(record, 'without-shares'), Batch);
  const nextPageToken = last === undefined ? '' : encodePageToken({ at: String(last.receivedAtMs), id: last.id });
  return { batches: messages, nextPageToken };
}

function filterOf(request: ListBatchesRequest): BatchFilter {
  const { poolId, lockingKey, receivedFromMs, receivedBeforeMs } = request;
  const fromMs = msOf(receivedFromMs, 'received_from_ms');
  const beforeMs = msOf(receivedBeforeMs, 'received_before_ms');
  const state = nameOf(BatchState, 'BATCH_STATE_', request.state);
  return {
    ...(poolId === '' ? {} : { poolId }),
    ...(lockingKey.length === 0 ? {} : { lockingKey: lockingKey.toString('hex') }),
    ...(state === undefined ? {} : { state }),
    ...(fromMs === 0 ? {} : { receivedFromMs: fromMs }),
    ...(beforeMs === 0 ? {} : { receivedBeforeMs: beforeMs }),
  };
}

async function queueStatus(parts: ServiceParts): Promise<GetQueueStatusResponse> {
  const now = parts.clock.now();
  const [counts, pausedUntilMs] = await Promise.all([parts.queue.count(now), parts.control.pausedUntilMs()]);
  return {
    depth: BigInt(counts.batches),
    inFlight: BigInt(counts.inFlight),
    oldestAgeMs: BigInt(counts.oldestAgeMs),
    held: [...counts.held].filter(([, count]) => count > 0).map(([code, count]) => ({ code, count: BigInt(count) })),
    circuitOpen: parts.circuit.isOpen(),
    workers: parts.workers,
    pausedUntilMs: pausedUntilMs > now ? BigInt(pausedUntilMs) : 0n,
    templatesWaiting: BigInt(counts.templates),
  };
}
