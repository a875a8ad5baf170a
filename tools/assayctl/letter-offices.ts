import type {
  DropDeadLetterRequest,
  DropDeadLetterResponse,
  ListDeadLettersRequest,
  ReplayDeadLettersRequest,
  ReplayDeadLettersResponse,
} from '@assay/proto/gen/assay/mint/v1/mint_service';
import type { DeadLetter } from '@assay/proto/gen/assay/platform/v1/dead_letters';
import type { Connections, ServiceKey } from './connections.ts';
import { UnreachableError } from './exit-codes.ts';
import { rowsOf } from './pages.ts';

/** Services that keep dead letters. */
export const LETTER_HOLDERS = ['auditor', 'mint'] as const;
export type LetterHolder = (typeof LETTER_HOLDERS)[number];

/** The dead letters of one service. Both services have the same calls, on listeners of their own choice. */
export interface LetterOffice {
  list(
    query: Pick<ListDeadLettersRequest, 'state' | 'class'>,
    limit: number,
  ): Promise<{ readonly rows: DeadLetter[]; readonly more: boolean }>;
  get(deadLetterId: string): Promise<DeadLetter>;
  replay(request: ReplayDeadLettersRequest): Promise<ReplayDeadLettersResponse>;
  drop(request: DropDeadLetterRequest): Promise<DropDeadLetterResponse>;
  /** Which listener takes a command, and its name for people. */
  admin(method: string): { readonly service: ServiceKey; readonly method: string };
}

const PLACES = {
  auditor: { asks: 'auditor', commands: 'auditorAdmin', service: 'AuditorAdminService' },
  mint: { asks: 'mintAdmin', commands: 'mintAdmin', service: 'MintAdminService' },
} as const;

export function letterOffice(connections: Connections, holder: LetterHolder): LetterOffice {
  const { asks, commands, service } = PLACES[holder];
  return {
    list: (query, limit) =>
      rowsOf(limit, async (page) => {
        const answer = await (await connections.to(asks)).listDeadLetters({ ...query, ...page });
        return { rows: answer.deadLetters, nextPageToken: answer.nextPageToken };
      }),
    get: async (deadLetterId) => {
      const { deadLetter } = await (await connections.to(asks)).getDeadLetter({ deadLetterId });
      if (deadLetter === undefined) throw new UnreachableError(`${holder} answered without the letter`);
      return deadLetter;
    },
    replay: async (request) => (await connections.to(commands)).replayDeadLetters(request),
    drop: async (request) => (await connections.to(commands)).dropDeadLetter(request),
    admin: (method) => ({ service: commands, method: `${service}/${method}` }),
  };
}
