import { deadLetterSubject } from '@assay/proto/catalogue';
import type { Collection, Db, Filter } from 'mongodb';
import type { UnixMs } from '../kernel/clock.ts';
import { err, ok, type Result } from '../kernel/result.ts';
import { type CollectionDefinition, compareAndSet, duplicateIndexOf } from './mongo.ts';
import { OUTBOX_SCHEMA, type RawOutboxEntry } from './outbox-entry.ts';
import type { TraceContext } from './telemetry.ts';

export const DEAD_LETTER_CLASSES = ['POISON', 'DEPENDENCY', 'DISAGREE', 'LATE', 'SEQUENCE', 'ERROR'] as const;
export type DeadLetterClassName = (typeof DEAD_LETTER_CLASSES)[number];
export type DeadLetterStateName = 'OPEN' | 'REPLAYED' | 'DROPPED';
export type DeadLetterRefusal =
  'DEAD_LETTER_UNKNOWN' | 'DEAD_LETTER_CLOSED' | 'DEAD_LETTER_POISON' | 'REASON_TOO_SHORT';

/** A message or task that nobody could carry out (02-auditor section 5.1). */
export interface DeadLetter {
  /** `<subject>#<revision>`; POISON: `poison:<hex sha256 of the raw message>` */
  _id: string;
  durable: string;
  class: DeadLetterClassName;
  /** Last code, open set. */
  code: string;
  state: DeadLetterStateName;
  deliveries: number;
  firstSeenAt: Date;
  lastSeenAt: Date;
  /** At most 2,000 characters. */
  error: string;
  nodeAnswers: { nodeId: string; answer: string }[];
  /** Subject, id, headers and bytes of the message as it arrived. */
  subject: string;
  messageId: string;
  headers: Record<string, string>;
  raw: Uint8Array;
  /** How often the message was replayed before it ended here. */
  revision: number;
  /** Why it was replayed or dropped. */
  reason: string;
  /** `command` of the decision. */
  closedBy?: string;
  /** Replayed, and not yet back among the waiting messages of its consumer. */
  requeue: boolean;
  trace?: TraceContext;
  version: number;
  outbox: RawOutboxEntry[];
}

/** A letter without its message, of which a list would hold hundreds of megabytes. */
export type ListedLetter = Omit<DeadLetter, 'raw' | 'headers' | 'outbox'>;

/** What its finder knows of a dead letter. */
export interface DeadLetterRecord {
  readonly id: string;
  readonly durable: string;
  readonly class: DeadLetterClassName;
  readonly code: string;
  readonly deliveries: number;
  readonly firstSeenAt: UnixMs;
  readonly lastSeenAt: UnixMs;
  /** Cut to 2,000 characters. */
  readonly error?: string;
  readonly nodeAnswers?: readonly { nodeId: string; answer: string }[];
  readonly subject: string;
  readonly messageId: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly raw: Uint8Array;
  readonly revision?: number;
  readonly trace?: TraceContext;
}

export interface DeadLetterFilter {
  readonly state?: DeadLetterStateName;
  readonly class?: DeadLetterClassName;
  readonly durable?: string;
}

export interface Decision {
  readonly reason: string;
  readonly at: UnixMs;
  /** Who closes it by which request: closing it again by the same one is answered as the first time. */
  readonly command?: string;
}

export interface DeadLetterStore {
  /** Stores the letter, once per id, with its copy for the DLQ stream. A repeat only moves `lastSeenAt` and `deliveries`. */
  record(letter: DeadLetterRecord): Promise<void>;
  /** Ascending by id, from after `after`. */
  list(filter: DeadLetterFilter, page: { limit: number; after?: string }): Promise<ListedLetter[]>;
  get(id: string): Promise<DeadLetter | undefined>;
  /** Open letters by class, for the metric. */
  countOpen(): Promise<Map<DeadLetterClassName, number>>;
  /** Closes the letter and hands its message back to the consumer that gave up, which runs it within seconds. */
  replay(id: string, decision: Decision): Promise<Result<DeadLetter, DeadLetterRefusal>>;
  /** Closes the letter as replayed; whoever owns the work has put it back himself. */
  markReplayed(id: string, decision: Decision): Promise<Result<DeadLetter, DeadLetterRefusal>>;
  /** Closes the letter for good; the reason has at least 10 characters. */
  markDropped(id: string, decision: Decision): Promise<Result<DeadLetter, DeadLetterRefusal>>;
}

const ERROR_CHARACTERS_MAX = 2_000;
const ANSWER_MAX = 500;
const REASON_CHARACTERS_MIN = 10;
const CLOSE_ATTEMPTS = 10;

export const DEAD_LETTERS: CollectionDefinition = {
  name: 'deadLetters',
  schema: {
    bsonType: 'object',
    required: ['_id', 'durable', 'class', 'code', 'state', 'deliveries', 'firstSeenAt', 'lastSeenAt', 'raw', 'version'],
    properties: {
      _id: { bsonType: 'string', minLength: 1 },
      durable: { bsonType: 'string' },
      class: { enum: DEAD_LETTER_CLASSES },
      code: { bsonType: 'string', minLength: 1 },
      state: { enum: ['OPEN', 'REPLAYED', 'DROPPED'] },
      deliveries: { bsonType: ['int', 'long'], minimum: 0 },
      firstSeenAt: { bsonType: 'date' },
      lastSeenAt: { bsonType: 'date' },
      error: { bsonType: 'string', maxLength: ERROR_CHARACTERS_MAX },
      subject: { bsonType: 'string' },
      messageId: { bsonType: 'string' },
      headers: { bsonType: 'object' },
      raw: { bsonType: 'binData' },
      revision: { bsonType: ['int', 'long'], minimum: 0 },
      reason: { bsonType: 'string' },
      closedBy: { bsonType: 'string' },
      requeue: { bsonType: 'bool' },
      version: { bsonType: ['int', 'long'], minimum: 1 },
      outbox: OUTBOX_SCHEMA,
    },
  },
  indexes: [
    { name: 'state_class', keys: { state: 1, class: 1 } },
    { name: 'requeue_durable', keys: { durable: 1, requeue: 1 }, where: { requeue: true } },
  ],
  outbox: true,
};

/**
 * The dead letters of one app.
 * @param app name of the app in `assay.v1.dlq.<app>.<durable>`
 */
export function deadLetterStore(db: Db, app: string): DeadLetterStore {
  const letters = db.collection<DeadLetter>(DEAD_LETTERS.name);
  return {
    record: (letter) => record(letters, app, letter),
    list: (filter, page) => list(letters, filter, page),
    get: async (id) => (await letters.findOne({ _id: id })) ?? undefined,
    countOpen: () => countOpen(letters),
    replay: (id, decision) => close(letters, id, decision, { state: 'REPLAYED', requeue: true }),
    markReplayed: (id, decision) => close(letters, id, decision, { state: 'REPLAYED', requeue: false }),
    markDropped: (id, decision) => close(letters, id, decision, { state: 'DROPPED', requeue: false }),
  };
}

async function record(letters: Collection<DeadLetter>, app: string, letter: DeadLetterRecord): Promise<void> {
  try {
    await letters.insertOne(documentOf(letter, app));
  } catch (error) {
    if (duplicateIndexOf(error) !== '_id_') throw error;
    await letters.updateOne(
      { _id: letter.id },
      { $max: { lastSeenAt: new Date(letter.lastSeenAt), deliveries: letter.deliveries }, $inc: { version: 1 } },
    );
  }
}

function documentOf(letter: DeadLetterRecord, app: string): DeadLetter {
  const { id, firstSeenAt, lastSeenAt, headers, nodeAnswers, ...rest } = letter;
  return {
    ...rest,
    _id: id,
    state: 'OPEN',
    firstSeenAt: new Date(firstSeenAt),
    lastSeenAt: new Date(lastSeenAt),
    error: (letter.error ?? '').slice(0, ERROR_CHARACTERS_MAX),
    nodeAnswers: (nodeAnswers ?? []).map(({ nodeId, answer }) => ({ nodeId, answer: answer.slice(0, ANSWER_MAX) })),
    headers: { ...headers },
    revision: letter.revision ?? 0,
    reason: '',
    requeue: false,
    version: 1,
    outbox: [copyForStream(letter, app)],
  };
}

/** The raw message with its headers, for whoever watches the DLQ stream. */
function copyForStream(letter: DeadLetterRecord, app: string): RawOutboxEntry {
  // Headers by which JetStream decides about the original would decide about the copy too.
  const own = Object.entries(letter.headers ?? {}).filter(([name]) => !/^nats-/i.test(name));
  const reason = `${letter.class} ${letter.code}`;
  return {
    id: `dead-letter:${letter.id}`,
    subject: deadLetterSubject(app, letter.durable),
    headers: { ...Object.fromEntries(own), 'Assay-Reason': reason, 'Assay-Deliveries': String(letter.deliveries) },
    body: letter.raw,
    at: new Date(letter.lastSeenAt),
    ...(letter.trace === undefined ? {} : { trace: letter.trace }),
  };
}

function list(letters: Collection<DeadLetter>, filter: DeadLetterFilter, page: { limit: number; after?: string }) {
  const query: Filter<DeadLetter> = {
    ...(filter.state === undefined ? {} : { state: filter.state }),
    ...(filter.class === undefined ? {} : { class: filter.class }),
    ...(filter.durable === undefined ? {} : { durable: filter.durable }),
    ...(page.after === undefined ? {} : { _id: { $gt: page.after } }),
  };
  const withoutMessage = { raw: 0, headers: 0, outbox: 0 } as const;
  return letters.find<ListedLetter>(query, { projection: withoutMessage }).sort({ _id: 1 }).limit(page.limit).toArray();
}

async function countOpen(letters: Collection<DeadLetter>): Promise<Map<DeadLetterClassName, number>> {
  const counts = new Map<DeadLetterClassName, number>(DEAD_LETTER_CLASSES.map((name) => [name, 0]));
  const groups = letters.aggregate<{ _id: DeadLetterClassName; open: number }>([
    { $match: { state: 'OPEN' } },
    { $group: { _id: '$class', open: { $sum: 1 } } },
  ]);
  for await (const { _id, open } of groups) counts.set(_id, open);
  return counts;
}

async function close(
  letters: Collection<DeadLetter>,
  id: string,
  decision: Decision,
  closed: { state: 'REPLAYED' | 'DROPPED'; requeue: boolean },
): Promise<Result<DeadLetter, DeadLetterRefusal>> {
  const dropped = closed.state === 'DROPPED';
  if (dropped && decision.reason.trim().length < REASON_CHARACTERS_MIN) return err('REASON_TOO_SHORT');
  for (let attempt = 1; attempt <= CLOSE_ATTEMPTS; attempt += 1) {
    const letter = await letters.findOne({ _id: id });
    if (letter === null) return err('DEAD_LETTER_UNKNOWN');
    if (letter.state !== 'OPEN')
      return wasClosedBy(letter, decision, closed.state) ? ok(letter) : err('DEAD_LETTER_CLOSED');
    if (letter.class === 'POISON' && !dropped) return err('DEAD_LETTER_POISON');
    const { reason, command } = decision;
    const change = { ...closed, reason, ...(command === undefined ? {} : { closedBy: command }) };
    if (await compareAndSet(letters, id, letter.version, { $set: change }))
      return ok({ ...letter, ...change, version: letter.version + 1 });
  }
  throw new Error(`dead letter ${id} changed under ${CLOSE_ATTEMPTS} attempts to close it`);
}

/** A command whose process ended halfway is sent again, and finds what it had done. */
function wasClosedBy({ state, closedBy }: DeadLetter, { command }: Decision, asked: DeadLetter['state']): boolean {
  return command !== undefined && closedBy === command && state === asked;
}
