import type { Update } from '../domain/subscriptions/delivery.ts';
import { filterHash, shardOf, type SubscriptionKind } from '../domain/subscriptions/kinds.ts';
import type { ChangeNotes } from '../subscription-ports.ts';

/** One filter of one subscription of one connection. */
export interface WatchedFilter {
  readonly kind: SubscriptionKind;
  readonly filter: string;
  /** Hash of the filter. */
  readonly hash: string;
  /** Shared by the filters of a subscription. */
  readonly tell: (payload: string) => void;
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
  /**
   * What is watched now, those of one filter together, some `size` of them at a time. It may change meanwhile: what is added
   * may be left out.
   */
  inParts(size: number): Iterable<readonly WatchedFilter[]>;
  count(): number;
}

const NOBODY: readonly WatchedFilter[] = [];

export function watchedFilters(notes: Pick<ChangeNotes, 'listen' | 'leave'>): WatchedFilters {
  // Most filters are watched once, and a set of one costs more than the one.
  const byFilter = new Map<string, WatchedFilter | Set<WatchedFilter>>();
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
  const get = (key: string): Iterable<WatchedFilter> => {
    const found = byFilter.get(key);
    if (found === undefined) return NOBODY;
    return found instanceof Set ? found : [found];
  };
  const put = (key: string, entry: WatchedFilter) => {
    const others = byFilter.get(key);
    if (others === undefined) byFilter.set(key, entry);
    else if (others instanceof Set) others.add(entry);
    else byFilter.set(key, new Set([others, entry]));
  };
  const drop = (key: string, entry: WatchedFilter): boolean => {
    const found = byFilter.get(key);
    if (found === entry) return byFilter.delete(key);
    if (!(found instanceof Set) || !found.delete(entry)) return false;
    if (found.size === 0) byFilter.delete(key);
    return true;
  };
  return {
    async add(watched) {
      for (const entry of watched) {
        put(keyOf(entry.kind, entry.hash), entry);
        counted(entry, 1);
      }
      await Promise.all(watched.map(({ kind, hash }) => notes.listen(kind, shardOf(hash))));
    },
    remove(watched) {
      for (const entry of watched) {
        if (!drop(keyOf(entry.kind, entry.hash), entry)) continue;
        if (counted(entry, -1) === 0) notes.leave(entry.kind, shardOf(entry.hash));
      }
    },
    get: (kind, hash) => get(keyOf(kind, hash)),
    inParts: (size) => inParts(byFilter, size),
    count: () => count,
  };
}

function* inParts(
  byFilter: ReadonlyMap<string, WatchedFilter | ReadonlySet<WatchedFilter>>,
  size: number,
): Generator<readonly WatchedFilter[]> {
  let left = byFilter.size;
  let part: WatchedFilter[] = [];
  for (const entries of byFilter.values()) {
    // Or whoever subscribes again and again would be walked after for ever.
    if (left === 0) break;
    left -= 1;
    if (entries instanceof Set) part.push(...entries);
    else part.push(entries as WatchedFilter);
    if (part.length < size) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}

function keyOf(kind: SubscriptionKind, hash: string): string {
  return `${kind}/${hash}`;
}

export function watchFilter(kind: SubscriptionKind, filter: string, tell: (payload: string) => void): WatchedFilter {
  return { kind, filter, hash: filterHash(filter), tell, told: undefined, held: undefined, isBegun: false };
}
