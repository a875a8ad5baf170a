import {
  DropDeadLetterRequest,
  DropDeadLetterResponse,
  type ListDeadLettersRequest,
  type ListDeadLettersResponse,
  MintAdminServiceService,
  ReplayDeadLettersRequest,
  ReplayDeadLettersResponse,
  ResumeIssuanceRequest,
  ResumeIssuanceResponse,
} from '@assay/proto/gen/assay/mint/v1/mint_service';
import { DeadLetter } from '@assay/proto/gen/assay/platform/v1/dead_letters';
import type { Clock } from '@assay/shared/kernel/clock';
import type { AdminLog } from '@assay/shared/runtime/admin-log';
import type { DeadLetterStore } from '@assay/shared/runtime/dead-letters';
import {
  type CallContext,
  GrpcFault,
  GrpcStatusFault,
  implement,
  type Implementation,
} from '@assay/shared/runtime/grpc-server';
import { cutPage, decodePageToken, encodePageToken, pageSize } from '@assay/shared/runtime/paging';
import { resumeIssuance } from '../../flows/resume-issuance.ts';
import type { PausePorts } from '../../flows/pause-issuance.ts';
import { renderControl } from './control-message.ts';
import { parseClass, parseLetterState, renderLetter, renderWholeLetter } from './dead-letter-message.ts';

export interface AdminServicePorts {
  readonly pause: PausePorts;
  readonly letters: DeadLetterStore;
  readonly log: AdminLog;
  readonly clock: Clock;
}

const REASON_MAX = 1_000;
const REPLAY_PAGE = 500;

/** `assay.mint.v1.MintAdminService`: commands of operators, each in the hash-chained admin log. */
export function mintAdminService(ports: AdminServicePorts): Implementation {
  return implement(MintAdminServiceService, {
    resumeIssuance: (request, call) => resume(ports, request, call),
    listDeadLetters: (request) => listLetters(ports, request),
    getDeadLetter: async ({ deadLetterId }) => {
      const letter = await ports.letters.get(deadLetterId);
      if (letter === undefined) throw new GrpcFault('DEAD_LETTER_UNKNOWN', 'there is no such dead letter');
      return { deadLetter: renderWholeLetter(letter) };
    },
    replayDeadLetters: (request, call) => replay(ports, request, call),
    dropDeadLetter: (request, call) => drop(ports, request, call),
    ...{ rotateKeyset: notServed, grantFund: notServed, approveGrant: notServed, listGrants: notServed },
    getOperation: notServed,
  });
}

const notServed = () => Promise.reject(new GrpcStatusFault('UNIMPLEMENTED', 'not served yet'));

function resume(
  { pause, log }: AdminServicePorts,
  request: ResumeIssuanceRequest,
  call: CallContext,
): Promise<ResumeIssuanceResponse> {
  return log.run<ResumeIssuanceResponse>(
    {
      ...logged(request, call),
      method: MintAdminServiceService.resumeIssuance.path,
      request: ResumeIssuanceRequest.encode(request).finish(),
    },
    async () => {
      const resumed = await resumeIssuance(pause, { reason: request.reason, by: call.caller });
      if (!resumed.ok) throw new GrpcFault(resumed.error, 'a breach is open: acknowledge it at the auditor first');
      return { control: renderControl(resumed.value) };
    },
    (answer) => ResumeIssuanceResponse.encode(answer).finish(),
    (answer) => ResumeIssuanceResponse.decode(answer),
  );
}

async function listLetters(
  { letters }: AdminServicePorts,
  request: ListDeadLettersRequest,
): Promise<ListDeadLettersResponse> {
  const limit = pageSize(request.pageSize);
  const after = request.pageToken === '' ? undefined : decodePageToken(request.pageToken)['after'];
  const found = await letters.list(filterOf(request), { limit: limit + 1, ...(after === undefined ? {} : { after }) });
  const { messages, last } = cutPage(found, limit, renderLetter, DeadLetter);
  return { deadLetters: messages, nextPageToken: last === undefined ? '' : encodePageToken({ after: last._id }) };
}

function replay(
  { letters, log, clock }: AdminServicePorts,
  request: ReplayDeadLettersRequest,
  call: CallContext,
): Promise<ReplayDeadLettersResponse> {
  return log.run<ReplayDeadLettersResponse>(
    {
      ...logged(request, call),
      method: MintAdminServiceService.replayDeadLetters.path,
      request: ReplayDeadLettersRequest.encode(request).finish(),
    },
    async () => {
      const ids = await replayedIds(letters, request);
      for (const id of ids) {
        const replayed = await letters.replay(id, { reason: request.reason, at: clock.now() });
        if (!replayed.ok) throw new GrpcFault(replayed.error, `dead letter ${id} cannot be replayed`);
      }
      return { replayed: ids.length };
    },
    (answer) => ReplayDeadLettersResponse.encode(answer).finish(),
    (answer) => ReplayDeadLettersResponse.decode(answer),
  );
}

async function replayedIds(letters: DeadLetterStore, request: ReplayDeadLettersRequest): Promise<readonly string[]> {
  const named = parseClass(request.class);
  if (request.deadLetterIds.length > 0) return request.deadLetterIds;
  if (named === undefined) throw new GrpcFault('REQUEST_INVALID', 'name dead letters or their class');
  const open = await letters.list({ state: 'OPEN', class: named }, { limit: REPLAY_PAGE });
  return open.map(({ _id }) => _id);
}

function drop(
  { letters, log, clock }: AdminServicePorts,
  request: DropDeadLetterRequest,
  call: CallContext,
): Promise<DropDeadLetterResponse> {
  const { deadLetterId, reason } = request;
  return log.run<DropDeadLetterResponse>(
    {
      ...logged(request, call),
      method: MintAdminServiceService.dropDeadLetter.path,
      request: DropDeadLetterRequest.encode(request).finish(),
    },
    async () => {
      const dropped = await letters.markDropped(deadLetterId, { reason, at: clock.now() });
      if (!dropped.ok) throw new GrpcFault(dropped.error, `dead letter ${deadLetterId} cannot be dropped`);
      return { deadLetter: renderLetter(dropped.value) };
    },
    (answer) => DropDeadLetterResponse.encode(answer).finish(),
    (answer) => DropDeadLetterResponse.decode(answer),
  );
}

function logged({ requestId, reason }: { requestId: string; reason: string }, { caller }: CallContext) {
  if (reason === '') throw new GrpcFault('REASON_TOO_SHORT', 'a reason is needed');
  if (reason.length > REASON_MAX) throw new GrpcFault('REQUEST_INVALID', `reason is longer than ${REASON_MAX}`);
  return { actor: caller, requestId, reason };
}

function filterOf(request: ListDeadLettersRequest) {
  const [state, named] = [parseLetterState(request.state), parseClass(request.class)];
  return { ...(state === undefined ? {} : { state }), ...(named === undefined ? {} : { class: named }) };
}
