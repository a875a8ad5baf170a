import {
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
import { DeadLetterClass } from '@assay/proto/gen/assay/platform/v1/dead_letters';
import type { AdminLog } from '@assay/shared/runtime/admin-log';
import type { DeadLetterStore } from '@assay/shared/runtime/dead-letters';
import { type CallContext, GrpcFault, implement, type Implementation } from '@assay/shared/runtime/grpc-server';
import { dropDeadLetter, type DropPorts } from '../../flows/drop-dead-letter.ts';
import { recheckTemplate } from '../../flows/recheck-template.ts';
import { replayClass, replayLetters, type ReplayPorts } from '../../flows/replay-dead-letters.ts';
import type { AuditRecords, LetterRefusal, QueueControl } from '../../upkeep-ports.ts';
import { nameOf } from './auditor-service.ts';
import { renderWholeLetter, renderTemplate } from './render.ts';

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,64}$/;
const LETTERS_MAX = 500;
const TIME_MAX_MS = 8_640_000_000_000_000n;

export interface AdminParts {
  readonly log: AdminLog;
  readonly records: AuditRecords;
  readonly letters: DeadLetterStore;
  readonly control: QueueControl;
  readonly ports: ReplayPorts & DropPorts;
}

interface Codec<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

/** Commands of operators; each is answered once per request id and logged (02-auditor section 10). */
export function auditorAdminService(parts: AdminParts): Implementation {
  const command =
    <Q extends { requestId: string; reason: string }, A>(
      method: string,
      request: Codec<Q>,
      answer: Codec<A>,
      act: (request: Q) => Promise<A>,
    ) =>
    async (asked: Q, call: CallContext): Promise<A> => {
      if (!REQUEST_ID.test(asked.requestId)) {
        throw new GrpcFault('REQUEST_INVALID', 'request_id: expected 1 to 64 of A-Z, a-z, 0-9 and ._:-');
      }
      return parts.log.run(
        {
          actor: call.caller,
          method: AuditorAdminServiceService[method as keyof typeof AuditorAdminServiceService].path,
          requestId: asked.requestId,
          reason: asked.reason,
          request: request.encode(asked).finish(),
        },
        () => act(asked),
        (given) => answer.encode(given).finish(),
        (bytes) => answer.decode(bytes),
      );
    };
  return implement(AuditorAdminServiceService, {
    recheckTemplate: command('recheckTemplate', RecheckTemplateRequest, RecheckTemplateResponse, (asked) =>
      recheck(parts, asked),
    ),
    pauseQueue: command('pauseQueue', PauseQueueRequest, PauseQueueResponse, async ({ untilMs }) => {
      if (untilMs > TIME_MAX_MS) throw new GrpcFault('REQUEST_INVALID', 'until_ms: no such time');
      await parts.control.setPausedUntil(Number(untilMs));
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
  const className = nameOf(DeadLetterClass, 'DEAD_LETTER_CLASS_', asked.class);
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

const REFUSALS = {
  DEAD_LETTER_UNKNOWN: 'there is no such dead letter',
  DEAD_LETTER_CLOSED: 'it was replayed or dropped before',
  DEAD_LETTER_POISON: 'poison can only be dropped',
  REASON_TOO_SHORT: 'the reason needs 10 characters',
} as const satisfies Record<LetterRefusal, string>;

function fault(refusal: LetterRefusal, what: string): GrpcFault {
  return new GrpcFault(refusal, `${what}: ${REFUSALS[refusal]}`);
}
