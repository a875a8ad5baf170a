import type { Collection, Db } from 'mongodb';
import { type Bytes, concat, fromHex, lp, toHex, u64, utf8 } from '../kernel/bytes.ts';
import { type Clock, later, type UnixMs } from '../kernel/clock.ts';
import { sha256 } from '../kernel/hash.ts';
import { systemClock } from './clock.ts';
import { GrpcFault } from './grpc-status.ts';
import { type CollectionDefinition, duplicateIndexOf } from './mongo.ts';
import { isRequestId } from './request-id.ts';

export interface AdminCall {
  readonly actor: string;
  /** Full gRPC path. */
  readonly method: string;
  /** Made by the caller. */
  readonly requestId: string;
  readonly reason: string;
  /** Canonical bytes of the request: the same id with other bytes is refused. */
  readonly request: Uint8Array;
}

export interface AdminLog {
  /**
   * Writes the call into the log, acts, and remembers the answer for 24 hours: the same call again gets the first answer.
   * A call whose act failed is forgotten and may be repeated.
   * @throws GrpcFault REQUEST_INVALID for a request id that is none; REQUEST_ID_REUSED for the same id with other content; CONFLICT while the first call is under way.
   */
  run<T>(
    call: AdminCall,
    act: () => Promise<T>,
    encode: (answer: T) => Uint8Array,
    decode: (bytes: Uint8Array) => T,
  ): Promise<T>;
}

interface LogEntry {
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

interface RememberedCall {
  /** `<actor>/<method>/<request id>` */
  _id: string;
  requestHash: string;
  /** Until when a call without an answer counts as under way. */
  busyUntil: Date;
  answer?: Uint8Array;
  createdAt: Date;
}

const BUSY_MS = 30_000;
const REMEMBERED_S = 86_400;
const APPEND_ATTEMPTS = 50;
const GENESIS = '0'.repeat(64);
const HASH = { bsonType: 'string', pattern: '^[0-9a-f]{64}$' };
const TEXT = { bsonType: 'string' };

/** Collections that a service with admin calls has. */
export const ADMIN_COLLECTIONS: readonly CollectionDefinition[] = [
  {
    name: 'adminLog',
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
  {
    name: 'requestIds',
    schema: {
      bsonType: 'object',
      required: ['_id', 'requestHash', 'busyUntil', 'createdAt'],
      properties: {
        _id: { bsonType: 'string' },
        requestHash: HASH,
        busyUntil: { bsonType: 'date' },
        answer: { bsonType: 'binData' },
        createdAt: { bsonType: 'date' },
      },
    },
    indexes: [{ name: 'createdAt_ttl', keys: { createdAt: 1 }, expireAfterSeconds: REMEMBERED_S }],
  },
];

/** The admin calls of one service, each in a chain of hashes: an entry that is changed or removed later shows. */
export function adminLog(db: Db, clock: Clock = systemClock): AdminLog {
  const entries = db.collection<LogEntry>('adminLog');
  const remembered = db.collection<RememberedCall>('requestIds');
  return {
    run: async (call, act, encode, decode) => {
      if (!isRequestId(call.requestId)) {
        throw new GrpcFault('REQUEST_INVALID', 'request_id: expected 1 to 64 of A-Z, a-z, 0-9 and ._:-');
      }
      const first = await begin(remembered, call, clock.now());
      if (first !== undefined) return decode(first);
      try {
        await append(entries, call, clock.now());
        const answer = await act();
        await remembered.updateOne({ _id: idOf(call) }, { $set: { answer: encode(answer) } });
        return answer;
      } catch (error) {
        await remembered.deleteOne({ _id: idOf(call), answer: { $exists: false } });
        throw error;
      }
    },
  };
}

/** The remembered answer, or undefined when the caller is now the one who acts. */
async function begin(remembered: Collection<RememberedCall>, call: AdminCall, now: UnixMs): Promise<Bytes | undefined> {
  const requestHash = toHex(sha256(call.request, utf8('\0'), utf8(call.reason)));
  const busyUntil = new Date(later(now, BUSY_MS));
  try {
    await remembered.insertOne({ _id: idOf(call), requestHash, busyUntil, createdAt: new Date(now) });
    return undefined;
  } catch (error) {
    if (duplicateIndexOf(error) !== '_id_') throw error;
  }
  const earlier = await remembered.findOne({ _id: idOf(call) });
  if (earlier !== null && earlier.requestHash !== requestHash)
    throw new GrpcFault('REQUEST_ID_REUSED', `request id ${call.requestId} was used for another request`);
  if (earlier?.answer !== undefined) return earlier.answer;
  // The first caller crashed before it could remember its answer: its act may have happened, acts are safe to repeat.
  const takenOver = await remembered.updateOne(
    { _id: idOf(call), answer: { $exists: false }, busyUntil: { $lte: new Date(now) } },
    { $set: { busyUntil } },
  );
  if (takenOver.matchedCount === 0) throw new GrpcFault('CONFLICT', `request ${call.requestId} is under way`);
  return undefined;
}

async function append(entries: Collection<LogEntry>, call: AdminCall, now: UnixMs): Promise<void> {
  for (let attempt = 1; attempt <= APPEND_ATTEMPTS; attempt += 1) {
    const last = await entries.findOne({}, { sort: { _id: -1 }, projection: { hash: 1 } });
    const place = { _id: last === null ? 0 : last._id + 1, prevHash: last?.hash ?? GENESIS };
    const { actor, method, requestId, reason, request } = call;
    const body = { ...place, at: new Date(now), actor, method, requestId, reason, request };
    try {
      await entries.insertOne({ ...body, hash: toHex(sha256(canonicalBytes(body))) });
      return;
    } catch (error) {
      if (duplicateIndexOf(error) !== '_id_') throw error;
    }
  }
  throw new Error(`the admin log grew under ${APPEND_ATTEMPTS} attempts to append to it`);
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

function idOf(call: AdminCall): string {
  return `${call.actor}${call.method}/${call.requestId}`;
}
