import type { Collection, CollectionInfo, Db, Document, Filter, UpdateFilter } from 'mongodb';
import {
  MongoBulkWriteError,
  MongoClient,
  MongoError,
  MongoNetworkError,
  MongoOperationTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
  MongoWriteConcernError,
} from 'mongodb';
import { isDeepStrictEqual } from 'node:util';
import { OUTBOX_INDEX, type OutboxEntry } from './outbox-entry.ts';
import type { ServiceContext } from './service.ts';
import type { TraceContext } from './telemetry.ts';

/** What every aggregate document carries. */
export interface Versioned {
  _id: string;
  /** 1 at the insert, one more with every compare-and-set. */
  version: number;
  outbox: OutboxEntry[];
  trace?: TraceContext;
}

export interface IndexDefinition {
  readonly name: string;
  readonly keys: Readonly<Record<string, 1 | -1>>;
  readonly unique?: boolean;
  /** Partial filter. */
  readonly where?: object;
  readonly expireAfterSeconds?: number;
}

export interface CollectionDefinition {
  readonly name: string;
  /** `$jsonSchema` */
  readonly schema: object;
  readonly indexes: readonly IndexDefinition[];
  /** Adds the index by which the relay finds pending events. */
  readonly outbox?: boolean;
}

const SELECTION_TIMEOUT_MS = 3_000;
const PROBE_TIMEOUT_MS = 2_000;
const DUPLICATE_KEY = 11_000;
const NAMESPACE_EXISTS = 48;
const INDEX_CONFLICTS: readonly unknown[] = [67, 85, 86];
/** NotWritablePrimary, step-downs, shutdowns, interrupted or timed-out operations. */
const UNKNOWN_OUTCOME_CODES: readonly unknown[] = [
  6, 7, 50, 64, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436,
];

/** Options that every client of the system uses; tests connect with them too. */
export const MONGO_OPTIONS = {
  writeConcern: { w: 'majority', journal: true },
  readConcern: { level: 'majority' },
  readPreference: 'primary',
  retryWrites: true,
  useBigInt64: true,
  promoteBuffers: true,
  serverSelectionTimeoutMS: SELECTION_TIMEOUT_MS,
  connectTimeoutMS: SELECTION_TIMEOUT_MS,
  // A write ends, or is known to be unknown, within a minute: cuts of the mint's supply are final after that.
  socketTimeoutMS: 20_000,
  waitQueueTimeoutMS: 10_000,
} as const;

/**
 * Database handle of a service: majority and journaled writes, majority reads from the primary, int64 as bigint, binary as
 * Buffer. Waits for the server as long as it takes; adds readiness `database`; closes at stage `database`.
 */
export async function connectMongo(context: ServiceContext, options: { uri: string; database: string }): Promise<Db> {
  const client = new MongoClient(options.uri, { ...MONGO_OPTIONS, appName: context.name });
  const db = client.db(options.database);
  let stopping = false;
  context.onStop('database', 'mongodb', async () => {
    stopping = true;
    await client.close();
  });
  context.readiness('database', () => databaseReady(db));
  for (let attempt = 1; !stopping && !(await databaseReady(db)); attempt += 1) {
    context.log.warn({ attempt, database: options.database }, 'waiting for the database');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  return db;
}

/** Whether the primary answers within two seconds. */
export async function databaseReady(db: Db): Promise<boolean> {
  try {
    const hello = await db.command({ hello: 1 }, { timeoutMS: PROBE_TIMEOUT_MS });
    return hello['isWritablePrimary'] === true;
  } catch {
    return false;
  }
}

/**
 * Creates collections, validators and indexes; repeating it changes nothing, a changed validator is replaced.
 * @throws Error when an index exists with another definition: changing one is a migration.
 */
export async function ensureCollections(db: Db, definitions: readonly CollectionDefinition[]): Promise<void> {
  for (const definition of definitions) {
    await ensureCollection(db, definition);
    await ensureIndexes(db, definition);
  }
}

async function ensureCollection(db: Db, definition: CollectionDefinition): Promise<void> {
  const rules = {
    validator: { $jsonSchema: definition.schema },
    validationLevel: 'strict',
    validationAction: 'error',
  } as const;
  try {
    await db.createCollection(definition.name, rules);
  } catch (error) {
    if (!(error instanceof MongoServerError) || error.code !== NAMESPACE_EXISTS) throw error;
    const existing = await db.listCollections<CollectionInfo>({ name: definition.name }).next();
    if (isDeepStrictEqual(plain(existing?.options?.['validator']), plain(rules.validator))) return;
    await db.command({ collMod: definition.name, ...rules });
  }
}

/** Numbers of a stored validator come back as bigint. */
function plain(value: unknown): string | undefined {
  return value === undefined
    ? undefined
    : JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? Number(inner) : inner));
}

async function ensureIndexes(db: Db, definition: CollectionDefinition): Promise<void> {
  const wanted = definition.outbox === true ? [...definition.indexes, OUTBOX_INDEX] : definition.indexes;
  for (const index of wanted) {
    try {
      await db.collection(definition.name).createIndex(index.keys, indexOptions(index));
    } catch (error) {
      if (!(error instanceof MongoServerError) || !INDEX_CONFLICTS.includes(error.code)) throw error;
      throw new Error(`index ${index.name} of ${definition.name} exists with another definition: migrate it`, {
        cause: error,
      });
    }
  }
}

function indexOptions(index: IndexDefinition): Document {
  const { name, unique, where, expireAfterSeconds } = index;
  return {
    name,
    ...(unique === true ? { unique } : {}),
    ...(where === undefined ? {} : { partialFilterExpression: where }),
    ...(expireAfterSeconds === undefined ? {} : { expireAfterSeconds }),
  };
}

/** Updates the document if it still has `version`, which grows by one. False: somebody else was first, read again. */
export async function compareAndSet<T extends { _id: string; version: number }>(
  collection: Collection<T>,
  id: T['_id'],
  version: number,
  update: UpdateFilter<T>,
): Promise<boolean> {
  const filter = { _id: id, version } as Filter<T>;
  const counted: Document = { ...update, $inc: { ...(update.$inc as Document | undefined), version: 1 } };
  const result = await collection.updateOne(filter, counted);
  return result.matchedCount === 1;
}

/** Name of the unique index that refused a write (`_id_` for the primary key), undefined for any other error. */
export function duplicateIndexOf(error: unknown): string | undefined {
  const writes = duplicateWrites(error);
  if (writes !== undefined) return writes.values().next().value;
  if (!(error instanceof MongoServerError) || error instanceof MongoBulkWriteError) return undefined;
  return error.code === DUPLICATE_KEY ? indexInMessage(error.message) : undefined;
}

/**
 * Which documents of an `insertMany` or `bulkWrite` (`ordered: false`) a unique index refused: position → index name.
 * Undefined when the error is anything else, or when a write failed for another reason.
 */
export function duplicateWrites(error: unknown): Map<number, string> | undefined {
  if (!(error instanceof MongoBulkWriteError)) return undefined;
  if (error.result.getWriteConcernError() !== undefined) return undefined;
  const failures = [error.writeErrors].flat();
  const refused = new Map<number, string>();
  for (const failure of failures) {
    if (failure.code !== DUPLICATE_KEY) return undefined;
    refused.set(failure.index, indexInMessage(failure.errmsg ?? ''));
  }
  return refused.size === 0 ? undefined : refused;
}

/** Write errors of bulk writes carry no key pattern, only this text. */
function indexInMessage(message: string): string {
  return / index: (?:\S+\.\$)?(\S+) (?:dup key|collation)/.exec(message)?.[1] ?? 'unknown';
}

/** Whether the write may have happened although it failed: network, timeout, step-down. Repeat it, or read again. */
export function isUnknownOutcome(error: unknown): boolean {
  if (!(error instanceof MongoError)) return false;
  if (error instanceof MongoBulkWriteError) return isUnknownBulk(error);
  if (
    error instanceof MongoNetworkError ||
    error instanceof MongoServerSelectionError ||
    error instanceof MongoOperationTimeoutError ||
    error instanceof MongoWriteConcernError
  )
    return true;
  return error.hasErrorLabel('RetryableWriteError') || UNKNOWN_OUTCOME_CODES.includes(error.code);
}

/** The driver hides a broken connection in a bulk error without label and code; a part of the bulk may be done by then. */
function isUnknownBulk(error: MongoBulkWriteError): boolean {
  if (error.result.getWriteConcernError() !== undefined) return true;
  const refused = [error.writeErrors].flat();
  return refused.length === 0 || refused.some(({ code }) => UNKNOWN_OUTCOME_CODES.includes(code));
}
