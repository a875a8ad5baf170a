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
import type { DeadLetterStore, Decision } from '@assay/shared/runtime/dead-letters';
import { type CallContext, GrpcFault } from '@assay/shared/runtime/grpc-server';
import { cutPage, decodePageToken, encodePageToken, pageSize } from '@assay/shared/runtime/paging';
import { logged } from './commands.ts';
import { parseClass, parseLetterState, renderLetter, renderWholeLetter } from './dead-letter-message.ts';

export interface DeadLetterPorts {
  readonly letters: DeadLetterStore;
  readonly log: AdminLog;
  readonly clock: Clock;
}

const REPLAY_PAGE = 500;

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
    const ids = await replayedIds(letters, request);
    for (const id of ids) {
      const replayed = await letters.replay(id, decisionOf(ports, request, call));
      if (!replayed.ok) throw new GrpcFault(replayed.error, `dead letter ${id} cannot be replayed`);
    }
    return { replayed: ids.length };
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

async function replayedIds(letters: DeadLetterStore, request: ReplayDeadLettersRequest): Promise<readonly string[]> {
  const named = parseClass(request.class);
  if (request.deadLetterIds.length > 0) return request.deadLetterIds;
  if (named === undefined) throw new GrpcFault('REQUEST_INVALID', 'name dead letters or their class');
  const open = await letters.list({ state: 'OPEN', class: named }, { limit: REPLAY_PAGE });
  return open.map(({ _id }) => _id);
}

function filterOf(request: ListDeadLettersRequest) {
  const [state, named] = [parseLetterState(request.state), parseClass(request.class)];
  return { ...(state === undefined ? {} : { state }), ...(named === undefined ? {} : { class: named }) };
}
