import { present } from '@assay/shared/kernel/assert';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import {
  afterNote,
  afterReading,
  FINAL_VERSION,
  isKnown,
  type Reading,
  type Update,
} from '../domain/subscriptions/delivery.ts';
import type { SubscriptionKind } from '../domain/subscriptions/kinds.ts';
import { filterOf, type Observed, storedVersion } from '../domain/subscriptions/observed.ts';
import {
  decideSubscribe,
  FILTERS_MAX,
  type SubscribeRefusal,
  type SubscribeRequest,
  type WantedSubscription,
} from '../domain/subscriptions/requests.ts';
import type { ChangeNote, ChangeNotes, RenderObserved } from '../subscription-ports.ts';
import type { Turns } from '../turn-ports.ts';
import { resyncFound, subscriptionsOpen } from '../telemetry.ts';
import { type ObservePorts, readObserved } from './read-observed.ts';
import { type WatchedFilter, watchedFilters, type WatchedFilters, watchFilter } from './watched-filters.ts';

export interface SubscriptionPorts extends ObservePorts {
  readonly notes: ChangeNotes;
  readonly render: RenderObserved;
  readonly turns: Turns;
  /** Filters of all connections together; `WATCHED_MAX` when left out. */
  readonly watchedMax?: number;
}

/** Subscriptions of all wallets that are connected to this instance. */
export interface Subscriptions {
  connect(wallet: Subscriber): SubscriberConnection;
  /** Reads everything that is watched again, for notes may be lost; returns how much they had not told. */
  resync(): Promise<number>;
}

export interface Subscriber {
  /** Shows a payload under the wallet's name of the subscription. */
  tell(subId: string, payload: string): void;
  /** Told that all its subscriptions have ended: the instance was full, and no connection had more filters. */
  evicted(): void;
}

export interface SubscriberConnection {
  /** The subscription, if it is granted: nothing is told before `begin`, which tells every current state. */
  subscribe(request: SubscribeRequest): Promise<Result<{ begin(): void }, SubscribeRefusal>>;
  /** False when there is no such subscription. */
  unsubscribe(subId: string): boolean;
  openCount(): number;
  close(): void;
}

/** Some 80 MB. */
const WATCHED_MAX = 100_000;
/** Of one read: about a millisecond of work. */
const RESYNC_READ_MAX = 250;

export function serveSubscriptions(ports: SubscriptionPorts): Subscriptions {
  const watched = watchedFilters(ports.notes);
  const hub: Hub = { watchedMax: WATCHED_MAX, ...ports, watched, holders: new Set(), openCount: 0 };
  ports.notes.hear((note) => {
    for (const entry of watched.get(note.kind, note.filterHash)) hearNote(entry, note);
  });
  return { connect: (wallet) => connect(hub, wallet), resync: () => resync(hub) };
}

interface Hub extends Required<SubscriptionPorts> {
  readonly watched: WatchedFilters;
  readonly holders: Set<Holder>;
  openCount: number;
}

/** A connection by what it holds of the filters that the instance takes. */
interface Holder {
  filters: number;
  evict(): void;
}

function connect(hub: Hub, wallet: Subscriber): SubscriberConnection {
  const open = new Map<string, readonly WatchedFilter[]>();
  const close = () => {
    [...open.keys()].forEach(end);
    hub.holders.delete(holder);
  };
  const evict = () => {
    close();
    wallet.evicted();
  };
  const holder: Holder = { filters: 0, evict };
  const end = (subId: string) => {
    const entries = open.get(subId);
    if (entries === undefined) return false;
    open.delete(subId);
    hub.watched.remove(entries);
    holder.filters -= entries.length;
    countOpen(hub, -1);
    return true;
  };
  const watch = async ({ subId, kind, filters }: WantedSubscription) => {
    const tell = (payload: string) => wallet.tell(subId, payload);
    const entries = filters.map((filter) => watchFilter(kind, filter, tell));
    open.set(subId, entries);
    hub.holders.add(holder);
    holder.filters += entries.length;
    countOpen(hub, 1);
    // Before the read, so that no change falls between the two.
    await hub.watched.add(entries);
    const current = await readings(hub, kind, filters);
    if (!filters.every((filter) => current.has(filter))) return undefined;
    return { begin: () => (open.get(subId) === entries ? begin(entries, current) : undefined) };
  };
  return {
    async subscribe(request) {
      const wanted = decideSubscribe({ open, room: roomFor(hub, holder, request.filters.length) }, request);
      if (!wanted.ok) return wanted;
      let granted: { begin(): void } | undefined;
      try {
        granted = await watch(wanted.value);
      } finally {
        if (granted === undefined) end(wanted.value.subId);
      }
      return granted === undefined ? err('quote-unknown') : ok(granted);
    },
    unsubscribe: end,
    openCount: () => open.size,
    close,
  };
}

/**
 * How many more filters there is room for. When the instance is full, whoever holds most gives way to one who would still
 * hold less: a few greedy wallets keep nobody else out.
 */
function roomFor({ watched, watchedMax, holders }: Hub, asking: Holder, wanted: number): number {
  const room = () => watchedMax - watched.count();
  const wants = Math.min(wanted, FILTERS_MAX);
  while (room() < wants) {
    let largest = asking;
    for (const holder of holders) if (holder.filters > largest.filters) largest = holder;
    if (largest.filters <= asking.filters + wants) break;
    largest.evict();
  }
  return room();
}

function countOpen(hub: Hub, by: 1 | -1): void {
  hub.openCount += by;
  subscriptionsOpen(hub.openCount);
}

async function readings(
  hub: Hub,
  kind: SubscriptionKind,
  filters: readonly string[],
): Promise<ReadonlyMap<string, Reading>> {
  const found = await readObserved(hub, kind, filters);
  return new Map(found.map((observed) => [filterOf(observed), readingOf(hub, observed)]));
}

function readingOf({ render }: Hub, observed: Observed): Reading {
  return { version: storedVersion(observed), payload: render(observed) };
}

function begin(entries: readonly WatchedFilter[], current: ReadonlyMap<string, Reading>): void {
  for (const entry of entries) {
    const { version = 0, payload } = present(current.get(entry.filter), 'reading');
    tellNext(entry, { version, payload });
    entry.isBegun = true;
  }
  for (const entry of entries) {
    if (entry.held !== undefined) tellNext(entry, afterNote(entry.told, entry.held));
    entry.held = undefined;
  }
}

function hearNote(entry: WatchedFilter, note: ChangeNote): void {
  if (entry.isBegun) tellNext(entry, afterNote(entry.told, note));
  else entry.held = afterNote(entry.held, note) ?? entry.held;
}

/** Whether there was something to tell. */
function tellNext(entry: WatchedFilter, next: Update | undefined): boolean {
  if (next === undefined) return false;
  entry.told = next;
  entry.tell(next.payload);
  return true;
}

async function resync(hub: Hub): Promise<number> {
  let found = 0;
  for (const part of hub.watched.inParts(RESYNC_READ_MAX)) {
    await hub.turns.next();
    const stale = part.filter(({ isBegun, told }) => isBegun && told?.version !== FINAL_VERSION);
    for (const [kind, entries] of Map.groupBy(stale, (entry) => entry.kind)) {
      found += await resyncFilters(hub, kind, entries);
    }
  }
  resyncFound(found);
  return found;
}

async function resyncFilters(hub: Hub, kind: SubscriptionKind, entries: readonly WatchedFilter[]): Promise<number> {
  const watched = Map.groupBy(
    entries.map((entry) => [entry, entry.told] as const),
    ([{ filter }]) => filter,
  );
  let found = 0;
  for (const observed of await readObserved(hub, kind, [...watched.keys()])) {
    const version = storedVersion(observed);
    // Most is as it was: rendering it is most of the work.
    const behind = (watched.get(filterOf(observed)) ?? []).filter(([{ told }]) => !isKnown(told, version));
    if (behind.length === 0) continue;
    const reading = readingOf(hub, observed);
    for (const [entry, before] of behind) if (tellNext(entry, afterReading(entry.told, reading, before))) found += 1;
  }
  return found;
}
