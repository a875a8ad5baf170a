import type { Db } from 'mongodb';
import { consume, type Delivery, type Disposition } from '@assay/shared/runtime/consumer';
import type { Bus } from '@assay/shared/runtime/nats';
import type { ServiceContext } from '@assay/shared/runtime/service';
import { currentTrace } from '@assay/shared/runtime/telemetry';
import { takeInBatch, type TakeInBatchPorts } from '../../flows/take-in-batch.ts';
import { takeInTemplate, type TakeInTemplatePorts } from '../../flows/take-in-template.ts';
import { intakeSpan } from '../../telemetry.ts';
import type { QuoteEvent, Settlements } from '../../upkeep-ports.ts';

const CONCURRENCY = 32;
// The mint works on the same event as the intake does, and may be faster.
const UNKNOWN_BATCH_DELAYS_MS = [1_000, 5_000, 15_000, 60_000, 300_000] as const;

export interface IntakePorts {
  readonly batch: TakeInBatchPorts;
  readonly template: TakeInTemplatePorts;
  readonly settlements: Pick<Settlements, 'note'>;
}

/** Follows the facts of pools and of the mint. */
export function consumeFacts(context: ServiceContext, db: Db, bus: Bus, ports: IntakePorts): void {
  consume(context, db, bus, {
    durable: 'auditor-intake-templates',
    events: ['pool.template.declared'],
    concurrency: CONCURRENCY,
    handle: (delivery) => templateDeclared(ports.template, delivery),
  });
  consume(context, db, bus, {
    durable: 'auditor-intake-batches',
    events: ['pool.batch.accepted'],
    concurrency: CONCURRENCY,
    handle: (delivery) => batchAccepted(ports.batch, delivery),
  });
  consume(context, db, bus, {
    durable: 'auditor-intake-quotes',
    events: ['mint.quote.created', 'mint.quote.paid', 'mint.quote.failed', 'mint.quote.issued'],
    concurrency: CONCURRENCY,
    handle: (delivery) => quoteChanged(ports.settlements, delivery),
  });
}

function batchAccepted(
  ports: TakeInBatchPorts,
  { message: batch, raw }: Delivery<'pool.batch.accepted'>,
): Promise<Disposition> {
  return intakeSpan({ 'assay.batch': `${batch.poolId}/${batch.batchId}` }, async (span) => {
    const outcome = await takeInBatch(ports, { batch, raw, trace: currentTrace() });
    span.note({ 'assay.outcome': outcome.kind });
    return outcome.kind === 'quarantine' ? { do: 'poison', code: outcome.code } : { do: 'ack' };
  });
}

function templateDeclared(
  ports: TakeInTemplatePorts,
  { message: template, raw }: Delivery<'pool.template.declared'>,
): Promise<Disposition> {
  return intakeSpan({ 'assay.template': template.templateId.toString('hex') }, async (span) => {
    const outcome = await takeInTemplate(ports, { template, raw, trace: currentTrace() });
    span.note({ 'assay.outcome': outcome.kind });
    return outcome.kind === 'quarantine' ? { do: 'poison', code: outcome.code } : { do: 'ack' };
  });
}

type QuoteEventName = 'mint.quote.created' | 'mint.quote.paid' | 'mint.quote.failed' | 'mint.quote.issued';

const QUOTE_EVENTS = {
  'mint.quote.created': 'created',
  'mint.quote.paid': 'paid',
  'mint.quote.failed': 'failed',
  'mint.quote.issued': 'issued',
} as const satisfies Record<QuoteEventName, QuoteEvent['kind']>;

async function quoteChanged(
  settlements: Pick<Settlements, 'note'>,
  { event, message }: Delivery<QuoteEventName>,
): Promise<Disposition> {
  // Quotes of other methods have no batch.
  if (message.method !== 'ehash') return { do: 'ack' };
  const { poolId, batchId } = message;
  const noted = await settlements.note({ kind: QUOTE_EVENTS[event], poolId, batchId });
  if (noted) return { do: 'ack' };
  return { do: 'wait', code: 'BATCH_UNKNOWN', delaysMs: UNKNOWN_BATCH_DELAYS_MS, class: 'SEQUENCE' };
}
