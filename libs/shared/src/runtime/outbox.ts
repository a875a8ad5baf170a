import type { Collection, Db, Filter } from 'mongodb';
import { setTimeout as wait } from 'node:timers/promises';
import { assert } from '../kernel/assert.ts';
import { DEAD_LETTERS } from './dead-letters.ts';
import { counter, gauge } from './metrics.ts';
import { type Bus, ensureStreams, publishMessage } from './nats.ts';
import { OUTBOX_INDEX, type OutboxEntry } from './outbox-entry.ts';
import { RelayLanes, type StoredEntry, streamOf, subjectOf } from './relay-lanes.ts';
import { type PendingDocument, RelayRemovals } from './relay-removals.ts';
import { repeatedWarning } from './repeated-warning.ts';
import type { ServiceContext } from './service.ts';

export { OUTBOX_SCHEMA, outboxEntry, type OutboxEntry, WITHOUT_OUTBOX } from './outbox-entry.ts';

export interface Relay {
  /** Something was committed, in `collection` or in any: look now instead of at the next poll. */
  wake(collection?: string): void;
  /** This process committed the entry: it goes out without being read back, as a rule before another instance sees it. */
  committed(collection: string, documentId: string, entry: OutboxEntry): void;
}

const IN_FLIGHT_MAX = 256;
const READ_BATCH = 128;
const POLL_MS = 250;
/** Commits that come close together are read together. */
const GATHER_MS = 4;
const FAULT_REST_MS = 1_000;
const FLUSH_MS = 4_000;
const AGE_EVERY_MS = 1_000;

const published = counter('assay_outbox_entries_total', 'Outbox entries by what became of one attempt to publish', {
  outcome: ['stored', 'duplicate', 'failed'],
});
const oldestAge = gauge('assay_outbox_oldest_unsent_age_seconds', 'Age of the oldest event that is not on the bus', {});

/**
 * Publishes what waits in `outbox` of the named collections (and of the dead letters), oldest first, up to 256 in flight, and
 * removes an entry after its PubAck. A stream that is missing is made. Events of another build stay where they are. Several instances may do so at once: ids make repeats harmless. Polling finds everything;
 * `wake` and `committed` only make it quick. Flushes at stage `relay`.
 */
export function startRelay(context: ServiceContext, db: Db, bus: Bus, collections: readonly string[]): Relay {
  const warnUnpublished = repeatedWarning(context.log, 'events are not published');
  const shared = { context, bus, lanes: new RelayLanes(), slots: new Slots(IN_FLIGHT_MAX), warnUnpublished };
  const names = [...new Set([...collections, DEAD_LETTERS.name])];
  const relays = names.map((name) => new CollectionRelay(shared, db.collection<PendingDocument>(name)));
  for (const relay of relays) void relay.run();
  context.every('outbox age', AGE_EVERY_MS, async () => {
    const ages = await Promise.all(relays.map((relay) => relay.oldestAt()));
    const now = context.clock.now();
    oldestAge.set({}, Math.max(0, ...ages.flatMap((at) => (at === undefined ? [] : [(now - at) / 1_000]))));
  });
  context.onStop('relay', 'outbox relay', async () => {
    await Promise.all(relays.map((relay) => relay.flushAndStop()));
  });
  const named = (collection: string) => {
    const relay = relays[names.indexOf(collection)];
    assert(relay !== undefined, `the relay does not publish what is in ${collection}`);
    return relay;
  };
  return {
    wake: (collection) => (collection === undefined ? relays : [named(collection)]).forEach((relay) => relay.wake()),
    committed: (collection, documentId, entry) => named(collection).committed(documentId, entry),
  };
}

interface Shared {
  readonly context: ServiceContext;
  readonly bus: Bus;
  readonly lanes: RelayLanes;
  readonly slots: Slots;
  readonly warnUnpublished: (fields: object) => void;
}

class CollectionRelay {
  private readonly shared: Shared;
  private readonly collection: Collection<PendingDocument>;
  private readonly removals: RelayRemovals;
  private readonly inFlight = new Set<string>();
  private stopped = false;
  private woken = false;
  private interrupt: () => void = () => undefined;
  private ended: Promise<void> = Promise.resolve();

  constructor(shared: Shared, collection: Collection<PendingDocument>) {
    this.shared = shared;
    this.collection = collection;
    this.removals = new RelayRemovals(collection, (ids, fault) => this.settled(ids, fault));
  }

  wake(): void {
    this.woken = true;
    this.interrupt();
  }

  /** Sends the entry if there is room now; else the next pass finds it. */
  committed(documentId: string, entry: OutboxEntry): void {
    const { bus, slots } = this.shared;
    if (this.stopped || !this.admits(entry, false)) return;
    if (bus.connected() && slots.tryTake()) this.begin(documentId, entry);
    else this.wake();
  }

  run(): Promise<void> {
    this.ended = this.loop();
    return this.ended;
  }

  async flushAndStop(): Promise<void> {
    const deadline = performance.now() + FLUSH_MS;
    this.stopped = true;
    this.interrupt();
    await this.ended;
    while (performance.now() < deadline && this.shared.bus.connected()) {
      const sent = await this.guardedPass();
      if (sent === 0 && this.inFlight.size === 0) return;
      await wait(GATHER_MS);
    }
  }

  /** Unix ms of the oldest entry. */
  async oldestAt(): Promise<number | undefined> {
    const oldest = await this.collection.findOne(PENDING, { ...OLDEST_FIRST, projection: { 'outbox.at': 1 } });
    return oldest?.outbox[0]?.at.getTime();
  }

  private async loop(): Promise<void> {
    while (!this.stopped) {
      const sent = this.shared.bus.connected() ? await this.guardedPass() : 0;
      if (sent === undefined) await this.rest(FAULT_REST_MS);
      await (this.woken ? wait(GATHER_MS) : this.rest(POLL_MS));
    }
  }

  /** Ends early when woken. */
  private async rest(ms: number): Promise<void> {
    if (this.stopped) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.interrupt = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.interrupt = () => undefined;
  }

  /** Number of entries that were begun to be sent; undefined when the database could not be read. */
  private async guardedPass(): Promise<number | undefined> {
    this.woken = false;
    try {
      await this.probeClosedLanes();
      return await this.pass();
    } catch (error) {
      this.shared.context.log.warn({ err: error, collection: this.collection.collectionName }, 'outbox not readable');
      return undefined;
    }
  }

  private async pass(): Promise<number> {
    const { lanes } = this.shared;
    const closed = lanes.closedLanes();
    const filter: Filter<PendingDocument> = { ...PENDING, outbox: { $elemMatch: lanes.openElements() } };
    const documents = this.collection.find(filter, {
      ...OLDEST_FIRST,
      batchSize: READ_BATCH,
      projection: { outbox: 1 },
    });
    let sent = 0;
    for await (const document of documents) {
      for (const entry of document.outbox) sent += (await this.offer(document._id, entry, false)) ? 1 : 0;
      // What follows was selected for lanes that are closed now.
      if (lanes.closedLanes() !== closed) break;
    }
    return sent;
  }

  private async probeClosedLanes(): Promise<void> {
    for (const lane of this.shared.lanes.dueForProbe()) {
      const elements = this.shared.lanes.probeElements(lane);
      const filter = { ...PENDING, outbox: { $elemMatch: elements } };
      const document = await this.collection.findOne(filter, {
        ...OLDEST_FIRST,
        projection: { outbox: { $elemMatch: elements } },
      });
      const entry = document?.outbox[0];
      if (document === null || entry === undefined) continue;
      await this.ensureStreamOf(lane);
      await this.offer(document._id, entry, true);
    }
  }

  /** The stream may be gone with the data of a server. */
  private async ensureStreamOf(lane: string): Promise<void> {
    const { bus, context, warnUnpublished } = this.shared;
    try {
      await ensureStreams(bus, context.name, [streamOf(lane)]);
    } catch (error) {
      warnUnpublished({ err: error, stream: streamOf(lane) });
    }
  }

  private async offer(documentId: string, entry: StoredEntry, probing: boolean): Promise<boolean> {
    const { slots } = this.shared;
    if (!this.admits(entry, probing)) return false;
    await slots.take();
    // Whoever committed it may have told so meanwhile.
    const begun = this.inFlight.has(entry.id);
    if (begun) slots.give();
    else this.begin(documentId, entry);
    return !begun;
  }

  private admits(entry: StoredEntry, probing: boolean): boolean {
    return !this.inFlight.has(entry.id) && this.shared.lanes.admits(entry, probing);
  }

  /** In a slot that was taken for it. */
  private begin(documentId: string, entry: StoredEntry): void {
    this.inFlight.add(entry.id);
    void this.send(documentId, entry).finally(() => this.shared.slots.give());
  }

  private async send(documentId: string, entry: StoredEntry): Promise<void> {
    const { bus, lanes, warnUnpublished } = this.shared;
    try {
      const ack = await publishMessage(bus, { ...entry, subject: subjectOf(entry), at: entry.at.getTime() });
      published.add({ outcome: ack.duplicate ? 'duplicate' : 'stored' });
      lanes.succeeded(entry);
      this.removals.add(documentId, entry.id);
    } catch (error) {
      published.add({ outcome: 'failed' });
      lanes.failed(entry, error);
      this.inFlight.delete(entry.id);
      warnUnpublished({ err: error, entry: entry.id, collection: this.collection.collectionName });
    }
  }

  private settled(ids: readonly string[], fault: unknown): void {
    for (const id of ids) this.inFlight.delete(id);
    if (fault === undefined) return;
    this.shared.context.log.warn({ err: fault, entries: ids.length }, 'published events stay in the outbox for now');
  }
}

const PENDING: Filter<PendingDocument> = { 'outbox.0': { $exists: true } };
const OLDEST_FIRST = { hint: OUTBOX_INDEX.name, sort: { 'outbox.0.at': 1 } } as const;

/** Limits how much is in flight. */
class Slots {
  private free: number;
  private readonly queue: (() => void)[] = [];

  constructor(count: number) {
    this.free = count;
  }

  tryTake(): boolean {
    if (this.free === 0) return false;
    this.free -= 1;
    return true;
  }

  async take(): Promise<void> {
    if (!this.tryTake()) await new Promise<void>((resolve) => this.queue.push(resolve));
  }

  give(): void {
    const next = this.queue.shift();
    if (next === undefined) this.free += 1;
    else next();
  }
}
