import type { Collection, Db } from 'mongodb';
import { type Clock, later, unixMs, type UnixMs } from '../kernel/clock.ts';
import { DEAD_LETTERS, type DeadLetter } from './dead-letters.ts';
import type { Arrival } from './message-runner.ts';
import { type CollectionDefinition, duplicateIndexOf, duplicateWrites } from './mongo.ts';

/** A message that was acked on its stream and comes again at `dueAt`. */
export interface WaitingMessage {
  /** `<durable>/<messageId>` */
  _id: string;
  durable: string;
  subject: string;
  messageId: string;
  headers: Record<string, string>;
  raw: Uint8Array;
  /** Why it waits. */
  code: string;
  attempt: number;
  revision: number;
  deliveries: number;
  /** Runs since it last began to wait: bounds crashes. */
  runs: number;
  firstSeenAt: Date;
  /** While an instance runs it: until when that instance has it. */
  dueAt: Date;
  /** Grows with each claim: who claimed first is the only one who may end it. */
  version: number;
}

const CLAIM_MS = 30_000;
const FAULT_REST_MS = 30_000;
const REQUEUE_GROUP = 500;

const TEXT = { bsonType: 'string', minLength: 1 };
const COUNT = { bsonType: ['int', 'long'], minimum: 0 };

export const WAITING_MESSAGES: CollectionDefinition = {
  name: 'waitingMessages',
  schema: {
    bsonType: 'object',
    required: ['_id', 'durable', 'subject', 'messageId', 'raw', 'attempt', 'runs', 'dueAt', 'version'],
    properties: {
      _id: TEXT,
      durable: TEXT,
      subject: TEXT,
      messageId: TEXT,
      headers: { bsonType: 'object' },
      raw: { bsonType: 'binData' },
      code: { bsonType: 'string' },
      attempt: COUNT,
      revision: COUNT,
      deliveries: COUNT,
      runs: COUNT,
      firstSeenAt: { bsonType: 'date' },
      dueAt: { bsonType: 'date' },
      version: { bsonType: ['int', 'long'], minimum: 1 },
    },
  },
  indexes: [{ name: 'durable_dueAt', keys: { durable: 1, dueAt: 1 } }],
};

/** The messages of one durable consumer that wait for their time. */
export class WaitingMessages {
  private readonly messages: Collection<WaitingMessage>;
  private readonly letters: Collection<DeadLetter>;
  private readonly durable: string;
  private readonly clock: Clock;

  constructor(db: Db, durable: string, clock: Clock) {
    this.messages = db.collection<WaitingMessage>(WAITING_MESSAGES.name);
    this.letters = db.collection<DeadLetter>(DEAD_LETTERS.name);
    this.durable = durable;
    this.clock = clock;
  }

  /** Stores a message that arrived on its stream; a redelivery of one that waits already changes nothing. */
  async put(arrival: Arrival, code: string, delayMs: number): Promise<void> {
    const { firstSeenAt, headers, ...rest } = arrival;
    try {
      await this.messages.insertOne({
        ...rest,
        _id: this.idOf(arrival.messageId),
        durable: this.durable,
        headers: { ...headers },
        code,
        attempt: arrival.attempt + 1,
        runs: 0,
        firstSeenAt: new Date(firstSeenAt),
        dueAt: this.dueAfter(delayMs),
        version: 1,
      });
    } catch (error) {
      if (duplicateIndexOf(error) !== '_id_') throw error;
    }
  }

  /** Takes the message that is due for the longest time, for a minute; undefined when none is due. */
  async claim(): Promise<WaitingMessage | undefined> {
    const now = this.clock.now();
    const claimed = await this.messages.findOneAndUpdate(
      { durable: this.durable, dueAt: { $lte: new Date(now) } },
      { $set: { dueAt: new Date(later(now, CLAIM_MS)) }, $inc: { version: 1, runs: 1, deliveries: 1 } },
      { sort: { dueAt: 1 }, returnDocument: 'after' },
    );
    return claimed ?? undefined;
  }

  async renew(claimed: WaitingMessage): Promise<void> {
    await this.changeClaimed(claimed, { dueAt: new Date(later(this.clock.now(), CLAIM_MS)) });
  }

  async waitAgain(claimed: WaitingMessage, code: string, delayMs: number): Promise<void> {
    const dueAt = this.dueAfter(delayMs);
    await this.changeClaimed(claimed, { code, dueAt, attempt: claimed.attempt + 1, runs: 0 });
  }

  /** As an ack wait does: it comes again, and that counts. */
  async restAfterFault(claimed: WaitingMessage): Promise<void> {
    await this.changeClaimed(claimed, { dueAt: new Date(later(this.clock.now(), FAULT_REST_MS)) });
  }

  async remove(claimed: WaitingMessage): Promise<void> {
    await this.messages.deleteOne({ _id: claimed._id, version: claimed.version });
  }

  /** Puts the messages of replayed dead letters back, due at once. The letter says so until it was done. */
  async requeueReplayed(): Promise<void> {
    for (;;) {
      const open = { durable: this.durable, requeue: true };
      const replayed = await this.letters.find(open).limit(REQUEUE_GROUP).toArray();
      if (replayed.length === 0) return;
      await this.insertReplayed(replayed);
      const ids = replayed.map((letter) => letter._id);
      await this.letters.updateMany(
        { _id: { $in: ids }, requeue: true },
        { $set: { requeue: false }, $inc: { version: 1 } },
      );
    }
  }

  private async insertReplayed(letters: readonly DeadLetter[]): Promise<void> {
    const now = new Date(this.clock.now());
    const documents = letters.map(({ subject, messageId, headers, raw, code, revision, firstSeenAt }) => ({
      ...{ _id: this.idOf(messageId), durable: this.durable, subject, messageId, headers, raw, code, firstSeenAt },
      ...{ revision: revision + 1, attempt: 0, deliveries: 0, runs: 0, dueAt: now, version: 1 },
    }));
    try {
      await this.messages.insertMany(documents, { ordered: false });
    } catch (error) {
      // Those that wait already are back.
      if (duplicateWrites(error) === undefined) throw error;
    }
  }

  private async changeClaimed(claimed: WaitingMessage, change: Partial<WaitingMessage>): Promise<void> {
    // Claimed by another instance meanwhile: what it does counts, and the handler is idempotent.
    await this.messages.updateOne({ _id: claimed._id, version: claimed.version }, { $set: change });
  }

  /** ± 10 %, so that what failed together does not come back together. */
  private dueAfter(delayMs: number): Date {
    return new Date(later(this.clock.now(), Math.round(delayMs * (0.9 + 0.2 * Math.random()))));
  }

  private idOf(messageId: string): string {
    return `${this.durable}/${messageId}`;
  }
}

/** The waiting message as the handler's runner takes it. */
export function arrivalOf(waiting: WaitingMessage): Arrival {
  const { subject, messageId, headers, raw, deliveries, attempt, revision, firstSeenAt } = waiting;
  const since: UnixMs = unixMs(firstSeenAt.getTime());
  return { subject, messageId, headers, raw, deliveries, attempt, revision, firstSeenAt: since };
}
