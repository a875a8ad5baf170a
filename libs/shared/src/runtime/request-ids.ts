import type { Collection, Db } from 'mongodb';
import { type Bytes, toHex } from '../kernel/bytes.ts';
import { type Clock, later, type UnixMs } from '../kernel/clock.ts';
import { sha256 } from '../kernel/hash.ts';
import { systemClock } from './clock.ts';
import { GrpcFault } from './grpc-status.ts';
import { type CollectionDefinition, duplicateIndexOf } from './mongo.ts';
import { isRequestId } from './request-id.ts';

/** A command that its caller may send again. */
export interface NamedCommand {
  /** Who calls: each caller has its own ids. */
  readonly actor: string;
  /** Full gRPC path. */
  readonly method: string;
  /** Made by the caller. */
  readonly requestId: string;
  /** Canonical bytes of the request: the same id with other bytes is refused. */
  readonly request: Uint8Array;
}

export interface RequestIds {
  /**
   * Acts, and remembers the answer for 24 hours: the same command again gets the first answer. A command whose act failed
   * is forgotten and may be repeated; one whose process ended is acted on again, so acts are safe to repeat.
   * @throws GrpcFault REQUEST_INVALID for a request id that is none; REQUEST_ID_REUSED for the same id with other
   * content; CONFLICT while the first call is under way.
   */
  once<T>(
    command: NamedCommand,
    act: () => Promise<T>,
    encode: (answer: T) => Uint8Array,
    decode: (bytes: Uint8Array) => T,
  ): Promise<T>;
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

/** Answers of commands by their request ids. */
export const REQUEST_IDS: CollectionDefinition = {
  name: 'requestIds',
  schema: {
    bsonType: 'object',
    required: ['_id', 'requestHash', 'busyUntil', 'createdAt'],
    properties: {
      _id: { bsonType: 'string' },
      requestHash: { bsonType: 'string', pattern: '^[0-9a-f]{64}$' },
      busyUntil: { bsonType: 'date' },
      answer: { bsonType: 'binData' },
      createdAt: { bsonType: 'date' },
    },
  },
  indexes: [{ name: 'createdAt_ttl', keys: { createdAt: 1 }, expireAfterSeconds: REMEMBERED_S }],
};

/** The commands of one service that carry a `request_id`. */
export function requestIds(db: Db, clock: Clock = systemClock): RequestIds {
  const remembered = db.collection<RememberedCall>(REQUEST_IDS.name);
  return {
    once: async (command, act, encode, decode) => {
      if (!isRequestId(command.requestId)) {
        throw new GrpcFault('REQUEST_INVALID', 'request_id: expected 1 to 64 of A-Z, a-z, 0-9 and ._:-');
      }
      const first = await begin(remembered, command, clock.now());
      if (first !== undefined) return decode(first);
      try {
        const answer = await act();
        await remembered.updateOne({ _id: idOf(command) }, { $set: { answer: encode(answer) } });
        return answer;
      } catch (error) {
        await remembered.deleteOne({ _id: idOf(command), answer: { $exists: false } });
        throw error;
      }
    },
  };
}

/** The remembered answer, or undefined when the caller is now the one who acts. */
async function begin(
  remembered: Collection<RememberedCall>,
  command: NamedCommand,
  now: UnixMs,
): Promise<Bytes | undefined> {
  const requestHash = toHex(sha256(command.request));
  const busyUntil = new Date(later(now, BUSY_MS));
  try {
    await remembered.insertOne({ _id: idOf(command), requestHash, busyUntil, createdAt: new Date(now) });
    return undefined;
  } catch (error) {
    if (duplicateIndexOf(error) !== '_id_') throw error;
  }
  const earlier = await remembered.findOne({ _id: idOf(command) });
  if (earlier !== null && earlier.requestHash !== requestHash)
    throw new GrpcFault('REQUEST_ID_REUSED', `request id ${command.requestId} was used for another request`);
  if (earlier?.answer !== undefined) return earlier.answer;
  // The first caller crashed before it could remember its answer: its act may have happened, acts are safe to repeat.
  const takenOver = await remembered.updateOne(
    { _id: idOf(command), answer: { $exists: false }, busyUntil: { $lte: new Date(now) } },
    { $set: { busyUntil } },
  );
  if (takenOver.matchedCount === 0) throw new GrpcFault('CONFLICT', `request ${command.requestId} is under way`);
  return undefined;
}

function idOf({ actor, method, requestId }: NamedCommand): string {
  return `${actor}${method}/${requestId}`;
}
