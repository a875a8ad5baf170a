import {
  type DropDeadLetterRequest,
  type DropDeadLetterResponse,
  type GetDeadLetterRequest,
  type GetDeadLetterResponse,
  type ListDeadLettersRequest,
  type ListDeadLettersResponse,
  MintAdminServiceService,
  type ReplayDeadLettersRequest,
  type ReplayDeadLettersResponse,
} from '@assay/proto/gen/assay/mint/v1/mint_service';
import { DeadLetter } from '@assay/proto/gen/assay/platform/v1/dead_letters';
import type { Clock } from '@assay/shared/kernel/clock';
import type { AdminLog } from '@assay/shared/runtime/admin-log';
import {
  parseClass,
  parseLetterState,
  renderLetter,
  renderWholeLetter,
} from '@assay/shared/runtime/dead-letter-message';
import type { DeadLetterClassName, DeadLetterStore, Decision } from '@assay/shared/runtime/dead-letters';
import { type CallContext, GrpcFault } from '@assay/shared/runtime/grpc-server';
import { cutPage, decodePageToken, encodePageToken, pageSize } from '@assay/shared/runtime/paging';
import { logged } from './commands.ts';

export interface DeadLetterPorts {
  readonly letters: DeadLetterStore;
  readonly log: AdminLog;
  readonly clock: Clock;
}

const REPLAYED_AT_ONCE = 64;

export async function listLetters(
  { letters }: DeadLetterPorts,
  request: ListDeadLettersRequest,
): Promise<ListDeadLettersResponse> {
  const limit = pageSize(request.pageSize);
  const after = decodePageToken(request.pageToken)['after'];
  const found = await letters.list(filterOf(request), { limit: limit + 1, ...(after === undefined ? {} : { after }) });
  const { messages, last } = cutPage(found, limit, renderLetter, DeadLetter);
  return { deadLetters: messages, nextPageToken: last === undefined ? '' : encodePageToken({ after: last._id }) };
}

export async function getLetter(
  { letters }: DeadLetterPorts,
  { deadLetterId }: GetDeadLetterRequest,
): Promise<GetDeadLetterResponse> {
  const letter = await letters.get(deadLetterId);
  if (letter === undefined) throw new GrpcFault('DEAD_LETTER_UNKNOWN', 'there is no such dead letter');
  return { deadLetter: renderWholeLetter(letter) };
}

export function replayLetters(
  ports: DeadLetterPorts,
  request: ReplayDeadLettersRequest,
  call: CallContext,
): Promise<ReplayDeadLettersResponse> {
  const { letters, log } = ports;
  return logged(log, MintAdminServiceService.replayDeadLetters, request, call, async () => {
    const decision = decisionOf(ports, request, call);
    if (request.deadLetterIds.length > 0)
      return { replayed: await replayNamed(letters, request.deadLetterIds, decision) };
    const named = parseClass(request.class);
    if (named === undefined) throw new GrpcFault('REQUEST_INVALID', 'name dead letters or their class');
    return { replayed: await replayClass(letters, named, decision) };
  });
}

export function dropLetter(
  ports: DeadLetterPorts,
  request: DropDeadLetterRequest,
  call: CallContext,
): Promise<DropDeadLetterResponse> {
  const { deadLetterId } = request;
  return logged(ports.log, MintAdminServiceService.dropDeadLetter, request, call, async () => {
    const dropped = await ports.letters.markDropped(deadLetterId, decisionOf(ports, request, call));
    if (!dropped.ok) throw new GrpcFault(dropped.error, `dead letter ${deadLetterId} cannot be dropped`);
    return { deadLetter: renderLetter(dropped.value) };
  });
}

/** Named, so that a command that a crash cut short finds its own letters closed by itself. */
function decisionOf(
  { clock }: DeadLetterPorts,
  { requestId, reason }: { readonly requestId: string; readonly reason: string },
  { actor }: CallContext,
): Decision {
  return { reason, at: clock.now(), command: `${actor}/${requestId}` };
}

async function replayNamed(letters: DeadLetterStore, ids: readonly string[], decision: Decision): Promise<number> {
  for (const id of ids) {
    const replayed = await letters.replay(id, decision);
    if (!replayed.ok) throw new GrpcFault(replayed.error, `dead letter ${id} cannot be replayed`);
  }
  return ids.length;
}

/** All open ones, some at a time. One that somebody else closes meanwhile is not counted. */
async function replayClass(letters: DeadLetterStore, named: DeadLetterClassName, decision: Decision): Promise<number> {
  let replayed = 0;
  let after = '';
  for (;;) {
    const open = await letters.list({ state: 'OPEN', class: named }, { limit: REPLAYED_AT_ONCE, after });
    const ended = await Promise.all(open.map(({ _id }) => letters.replay(_id, decision)));
    for (const end of ended) {
      if (end.ok) replayed += 1;
      else if (end.error !== 'DEAD_LETTER_CLOSED') throw new GrpcFault(end.error, `${named} cannot be replayed`);
    }
    const last = open.at(-1);
    if (last === undefined) return replayed;
    after = last._id;
  }
}

function filterOf(request: ListDeadLettersRequest) {
  const [state, named] = [parseLetterState(request.state), parseClass(request.class)];
  return { ...(state === undefined ? {} : { state }), ...(named === undefined ? {} : { class: named }) };
}
