import type { Update } from '../domain/subscriptions/delivery.ts';
import { filterHash, shardOf, type SubscriptionKind } from '../domain/subscriptions/kinds.ts';
import type { ChangeNotes } from '../subscription-ports.ts';

/** One filter of one subscription of one connection. */
export interface WatchedFilter {
  readonly kind: SubscriptionKind;
  readonly filter: string;
  /** Hash of the filter. */
  readonly hash: string;
  tell(payload: string): void;
  told: Update | undefined;
  /** The newest note that came before the current state was told. */
  held: Update | undefined;
  isBegun: boolean;
}

/** What the connections of this instance watch, by kind and hash of the filter; listens where there is something. */
export interface WatchedFilters {
  /** Resolves when notes of all of them come in. */
  add(watched: readonly WatchedFilter[]): Promise<void>;
  remove(watched: readonly WatchedFilter[]): void;
  get(kind: SubscriptionKind, hash: string): Iterable<WatchedFilter>;
  all(): readonly WatchedFilter[];
  count(): number;
}

const NOBODY: readonly WatchedFilter[] = [];

export function watchedFilters(notes: Pick<ChangeNotes, 'listen' | 'leave'>): WatchedFilters {
  const byFilter = new Map<string, Set<WatchedFilter>>();
  const shards = new Map<string, number>();
  let count = 0;

  /** How many filters of the same shard there are then. */
  const counted = ({ kind, hash }: WatchedFilter, by: 1 | -1) => {
    const shard = `${kind}.${shardOf(hash)}`;
    const after = (shards.get(shard) ?? 0) + by;
    if (after === 0) shards.delete(shard);
    else shards.set(shard, after);
    count += by;
    return after;
  };
  return {
    async add(watched) {
      for (const entry of watched) {
        const key = `${entry.kind}/${entry.hash}`;
        const others = byFilter.get(key);
        if (others === undefined) byFilter.set(key, new Set([entry]));
        else others.add(entry);
        counted(entry, 1);
      }
      await Promise.all(watched.map(({ kind, hash }) => notes.listen(kind, shardOf(hash))));
    },
    remove(watched) {
      for (const entry of watched) {
        const key = `${entry.kind}/${entry.hash}`;
        const others = byFilter.get(key);
        if (others?.delete(entry) !== true) continue;
        if (others.size === 0) byFilter.delete(key);
        if (counted(entry, -1) === 0) notes.leave(entry.kind, shardOf(entry.hash));
      }
    },
    get: (kind, hash) => byFilter.get(`${kind}/${hash}`) ?? NOBODY,
    all: () => [...byFilter.values()].flatMap((entries) => [...entries]),
    count: () => count,
  };
}

export function watchFilter(kind: SubscriptionKind, filter: string, tell: (payload: string) => void): WatchedFilter {
  return { kind, filter, hash: filterHash(filter), tell, told: undefined, held: undefined, isBegun: false };
}
