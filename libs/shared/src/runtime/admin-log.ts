import type { Collection, Db } from 'mongodb';
import { type Bytes, concat, fromHex, lp, toHex, u64, utf8 } from '../kernel/bytes.ts';
import type { Clock, UnixMs } from '../kernel/clock.ts';
import { sha256 } from '../kernel/hash.ts';
import { systemClock } from './clock.ts';
import { GrpcFault } from './grpc-status.ts';
import { type CollectionDefinition, duplicateIndexOf } from './mongo.ts';
import { type NamedCommand, REQUEST_IDS, requestIds } from './request-ids.ts';

export interface AdminCall extends NamedCommand {
  readonly reason: string;
}

export interface AdminLog {
  /**
   * Writes the call into the log, acts, writes how it ended (method `<method>#OK` or `#<reason>`, request: the answer), and
   * remembers the answer for 24 hours: the same call again gets the first answer. A call whose act failed is forgotten and
   * may be repeated.
   * @throws GrpcFault REQUEST_INVALID for a request id that is none; REQUEST_ID_REUSED for the same id with other content; CONFLICT while the first call is under way.
   */
  run<T>(
    call: AdminCall,
    act: () => Promise<T>,
    encode: (answer: T) => Uint8Array,
    decode: (bytes: Uint8Array) => T,
  ): Promise<T>;
}

/** One line of the log. */
export interface LogEntry {
  /** 0, 1, 2 … without gap. */
  _id: number;
  at: Date;
  actor: string;
  method: string;
  requestId: string;
  reason: string;
  request: Uint8Array;
  /** Of entry `_id − 1`; 64 zeros for the first. */
  prevHash: string;
  hash: string;
}

export const ADMIN_LOG = 'adminLog';
const APPEND_ATTEMPTS = 50;
export const GENESIS = '0'.repeat(64);
const HASH = { bsonType: 'string', pattern: '^[0-9a-f]{64}$' };
const TEXT = { bsonType: 'string' };

/** Collections that a service with admin calls has. */
export const ADMIN_COLLECTIONS: readonly CollectionDefinition[] = [
  {
    name: ADMIN_LOG,
    schema: {
      bsonType: 'object',
      required: ['_id', 'at', 'actor', 'method', 'requestId', 'reason', 'request', 'prevHash', 'hash'],
      properties: {
        ...{
          _id: { bsonType: ['int', 'long'], minimum: 0 },
          at: { bsonType: 'date' },
          request: { bsonType: 'binData' },
        },
        ...{ actor: TEXT, method: TEXT, requestId: TEXT, reason: TEXT, prevHash: HASH, hash: HASH },
      },
    },
    indexes: [],
  },
  REQUEST_IDS,
];

/** The admin calls of one service, each in a chain of hashes: an entry that is changed or removed later shows. */
export function adminLog(db: Db, clock: Clock = systemClock): AdminLog {
  const entries = db.collection<LogEntry>(ADMIN_LOG);
  const ids = requestIds(db, clock);
  return {
    run: (call, act, encode, decode) => {
      const request = concat(call.request, utf8('\0'), utf8(call.reason));
      const logged = async () => {
        await append(entries, call, clock.now());
        const answer = await act().catch((error: unknown) => ended(entries, call, clock, error));
        await append(entries, { ...call, method: `${call.method}#OK`, request: encode(answer) }, clock.now());
        return answer;
      };
      return ids.once({ ...call, request }, logged, encode, decode);
    },
  };
}

/** Writes why the call was refused or that it failed, and lets it fail. */
async function ended(entries: Collection<LogEntry>, call: AdminCall, clock: Clock, error: unknown): Promise<never> {
  const outcome = error instanceof GrpcFault ? error.reason : 'FAULT';
  const line = { ...call, method: `${call.method}#${outcome}`, request: new Uint8Array(0) };
  // The database may be what failed.
  await append(entries, line, clock.now()).catch(() => undefined);
  throw error;
}

async function append(entries: Collection<LogEntry>, call: AdminCall, now: UnixMs): Promise<void> {
  for (let attempt = 1; attempt <= APPEND_ATTEMPTS; attempt += 1) {
    const last = await entries.findOne({}, { sort: { _id: -1 }, projection: { hash: 1 } });
    const place = { _id: last === null ? 0 : last._id + 1, prevHash: last?.hash ?? GENESIS };
    const { actor, method, requestId, reason, request } = call;
    const body = { ...place, at: new Date(now), actor, method, requestId, reason, request };
    try {
      await entries.insertOne({ ...body, hash: hashOfEntry(body) });
      return;
    } catch (error) {
      if (duplicateIndexOf(error) !== '_id_') throw error;
    }
  }
  throw new Error(`the admin log grew under ${APPEND_ATTEMPTS} attempts to append to it`);
}

/** Hex; it covers the hash of the entry before. */
export function hashOfEntry(entry: Omit<LogEntry, 'hash'>): string {
  return toHex(sha256(canonicalBytes(entry)));
}

/** `"assay/admin-log/v1" ‖ u64(n) ‖ prevHash ‖ u64(at) ‖ lp(actor) ‖ lp(method) ‖ lp(requestId) ‖ lp(reason) ‖ lp(request)` */
function canonicalBytes(entry: Omit<LogEntry, 'hash'>): Bytes {
  return concat(
    utf8('assay/admin-log/v1'),
    u64(BigInt(entry._id)),
    fromHex(entry.prevHash),
    u64(BigInt(entry.at.getTime())),
    lp(entry.actor),
    lp(entry.method),
    lp(entry.requestId),
    lp(entry.reason),
    lp(entry.request),
  );
}
