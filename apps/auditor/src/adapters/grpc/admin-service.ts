import {
  AcknowledgeBreachRequest,
  AcknowledgeBreachResponse,
  AuditorAdminServiceService,
  DropDeadLetterRequest,
  DropDeadLetterResponse,
  PauseQueueRequest,
  PauseQueueResponse,
  RecheckTemplateRequest,
  RecheckTemplateResponse,
  ReplayDeadLettersRequest,
  ReplayDeadLettersResponse,
  ResumeQueueRequest,
  ResumeQueueResponse,
} from '@assay/proto/gen/assay/auditor/v1/auditor_service';
import type { AdminLog } from '@assay/shared/runtime/admin-log';
import { parseClass, renderWholeLetter } from '@assay/shared/runtime/dead-letter-message';
import type { DeadLetterStore } from '@assay/shared/runtime/dead-letters';
import { type CallContext, GrpcFault, implement, type Implementation } from '@assay/shared/runtime/grpc-server';
import { acknowledgeBreach, type AcknowledgePorts } from '../../flows/acknowledge-breach.ts';
import { dropDeadLetter, type DropPorts } from '../../flows/drop-dead-letter.ts';
import { recheckTemplate } from '../../flows/recheck-template.ts';
import { replayClass, replayLetters, type ReplayPorts } from '../../flows/replay-dead-letters.ts';
import type { AuditRecords, BreachRefusal, LetterRefusal, QueueControl } from '../../upkeep-ports.ts';
import { renderBreach, renderTemplate } from './render.ts';
import { msOf } from './request-time.ts';

const LETTERS_MAX = 500;

export interface AdminParts {
  readonly log: AdminLog;
  readonly records: AuditRecords;
  readonly letters: DeadLetterStore;
  readonly control: QueueControl;
  readonly ports: ReplayPorts & DropPorts & AcknowledgePorts;
}

interface Codec<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

/** Commands of operators; each is answered once per request id and logged (02-auditor section 10). */
export function auditorAdminService(parts: AdminParts): Implementation {
  const command =
    <Q extends { requestId: string; reason: string }, A>(
      method: keyof typeof AuditorAdminServiceService,
      request: Codec<Q>,
      answer: Codec<A>,
      act: (request: Q, actor: string) => Promise<A>,
    ) =>
    (asked: Q, call: CallContext): Promise<A> =>
      parts.log.run(
        {
          actor: call.caller,
          method: AuditorAdminServiceService[method].path,
          requestId: asked.requestId,
          reason: asked.reason,
          request: request.encode(asked).finish(),
        },
        () => act(asked, call.caller),
        (given) => answer.encode(given).finish(),
        (bytes) => answer.decode(bytes),
      );
  return implement(AuditorAdminServiceService, {
    recheckTemplate: command('recheckTemplate', RecheckTemplateRequest, RecheckTemplateResponse, (asked) =>
      recheck(parts, asked),
    ),
    pauseQueue: command('pauseQueue', PauseQueueRequest, PauseQueueResponse, async ({ untilMs }) => {
      await parts.control.setPausedUntil(msOf(untilMs, 'until_ms'));
      return { pausedUntilMs: untilMs };
    }),
    resumeQueue: command('resumeQueue', ResumeQueueRequest, ResumeQueueResponse, async () => {
      await parts.control.setPausedUntil(0);
      return {};
    }),
    replayDeadLetters: command('replayDeadLetters', ReplayDeadLettersRequest, ReplayDeadLettersResponse, (asked) =>
      replay(parts, asked),
    ),
    dropDeadLetter: command('dropDeadLetter', DropDeadLetterRequest, DropDeadLetterResponse, (asked) =>
      drop(parts, asked),
    ),
    acknowledgeBreach: command('acknowledgeBreach', AcknowledgeBreachRequest, AcknowledgeBreachResponse, (asked, by) =>
      acknowledge(parts, asked, by),
    ),
  });
}

async function recheck(parts: AdminParts, { templateId }: RecheckTemplateRequest): Promise<RecheckTemplateResponse> {
  const id = templateId.toString('hex');
  const outcome = await recheckTemplate(parts.ports, id);
  if (!outcome.ok) throw new GrpcFault(outcome.error, `template ${id}`);
  const record = await parts.records.template(id);
  return { template: record && renderTemplate(record) };
}

async function replay(parts: AdminParts, asked: ReplayDeadLettersRequest): Promise<ReplayDeadLettersResponse> {
  const order = { reason: asked.reason, automatic: false, automaticMax: 0 };
  const className = parseClass(asked.class);
  if (asked.deadLetterIds.length > LETTERS_MAX || (asked.deadLetterIds.length === 0) === (className === undefined)) {
    throw new GrpcFault('REQUEST_INVALID', `give either 1 to ${LETTERS_MAX} dead_letter_ids or a class`);
  }
  if (className !== undefined) {
    if (className === 'POISON') throw fault('DEAD_LETTER_POISON', className);
    return { replayed: await replayClass(parts.ports, className, order) };
  }
  const outcome = await replayLetters(parts.ports, asked.deadLetterIds, order);
  if (!outcome.ok) throw fault(outcome.error, asked.deadLetterIds.join(', '));
  return { replayed: outcome.value };
}

async function drop(parts: AdminParts, asked: DropDeadLetterRequest): Promise<DropDeadLetterResponse> {
  const outcome = await dropDeadLetter(parts.ports, asked.deadLetterId, asked.reason);
  if (!outcome.ok) throw fault(outcome.error, asked.deadLetterId);
  const letter = await parts.letters.get(asked.deadLetterId);
  return { deadLetter: letter && renderWholeLetter(letter) };
}

async function acknowledge(
  { ports }: AdminParts,
  { breachId, reason }: AcknowledgeBreachRequest,
  by: string,
): Promise<AcknowledgeBreachResponse> {
  const outcome = await acknowledgeBreach(ports, breachId, { by, reason });
  if (!outcome.ok) throw fault(outcome.error, breachId);
  return { breach: renderBreach(outcome.value) };
}

const REFUSALS = {
  DEAD_LETTER_UNKNOWN: 'there is no such dead letter',
  DEAD_LETTER_CLOSED: 'it was replayed or dropped before',
  DEAD_LETTER_POISON: 'poison can only be dropped',
  REASON_TOO_SHORT: 'the reason needs 10 characters',
  BREACH_UNKNOWN: 'there is no such breach',
  BREACH_STILL_TRUE: 'the rule was checked again, and still fails',
  CONFLICT: 'violated again meanwhile, or the mint has not yet answered that it paused; repeat',
} as const satisfies Record<LetterRefusal | BreachRefusal, string>;

function fault(refusal: LetterRefusal | BreachRefusal, what: string): GrpcFault {
  return new GrpcFault(refusal, `${what}: ${REFUSALS[refusal]}`);
}
