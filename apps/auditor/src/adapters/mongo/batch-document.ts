import { BatchAccepted } from '@assay/proto/gen/assay/pool/v1/events';
import type { CollectionDefinition, Versioned } from '@assay/shared/runtime/mongo';
import { OUTBOX_SCHEMA } from '@assay/shared/runtime/outbox';
import type { BatchState } from '../../domain/batch-machine.ts';
import type { Excluded, VerdictResult } from '../../domain/verdict.ts';
import type { StoredBatch } from '../../ports.ts';

export interface BatchDocument extends Versioned {
  /** BatchAccepted as it arrived. */
  event: Uint8Array;
  poolId: string;
  batchId: string;
  batchHash: string;
  lockingKey: string;
  /** 20 decimal digits: uint64 does not fit a BSON long. */
  keySeq: string;
  templateId: string;
  wellShaped: boolean;
  carryAfter: string;
  /** Whether the mint makes a quote for it. */
  quoted: boolean;
  /** False when another batch of the key had the key_seq first. */
  seqHeld: boolean;
  state: BatchState;
  code: string;
  revision: number;
  attempt: number;
  /** Set while it waits; unset while its task is on the way. */
  nextAt?: Date;
  receivedAt: Date;
  waitingSince: Date;
  updatedAt: Date;
  autoReplays: number;
  verdict?: {
    result: VerdictResult;
    code: string;
    credited: bigint;
    late: boolean;
    decidedAt: Date;
    hash: string;
    signature: string;
    /** VerdictGiven, as it was and will be published. */
    event: Uint8Array;
  };
  excluded: Excluded[];
  credited: string[];
  hasCredited: boolean;
  luck?: { shares: bigint; sum: bigint };
  /** Not yet added up per key. */
  luckPending?: boolean;
  mint: { created: boolean; paid: boolean; failed: boolean; issued: boolean };
  /** When the mint must have created, and settled, its quote. */
  quoteDueAt?: Date;
  settleDueAt?: Date;
  settleTries: number;
}

const INT = { bsonType: ['int', 'long'], minimum: 0 } as const;
const HASH = { bsonType: 'string', pattern: '^[0-9a-f]{64}$' } as const;
const DECIMAL = { bsonType: 'string', pattern: '^[0-9]{20}$' } as const;

/** Named in queries: where nothing is found the planner tries every index anew each time. */
export const KEY_SEQ_INDEX = 'poolId_lockingKey_keySeq_unique';
export const CREDITED_INDEX = 'credited_unique';
export const OLD_CREDITS_INDEX = 'receivedAt_templateId_credited';

export const BATCHES: CollectionDefinition = {
  name: 'batches',
  schema: {
    bsonType: 'object',
    required: ['_id', 'version', 'outbox', 'event', 'batchHash', 'keySeq', 'state', 'revision', 'attempt', 'credited'],
    properties: {
      version: INT,
      outbox: OUTBOX_SCHEMA,
      event: { bsonType: 'binData' },
      batchHash: HASH,
      keySeq: DECIMAL,
      carryAfter: DECIMAL,
      state: { enum: ['QUEUED', 'VALID', 'INVALID', 'DEAD'] },
      revision: INT,
      attempt: INT,
      nextAt: { bsonType: 'date' },
      credited: { bsonType: 'array', maxItems: 256, items: HASH },
      hasCredited: { bsonType: 'bool' },
      seqHeld: { bsonType: 'bool' },
      verdict: { bsonType: 'object', required: ['result', 'code', 'credited', 'hash', 'signature', 'event'] },
    },
  },
  indexes: [
    {
      name: KEY_SEQ_INDEX,
      keys: { poolId: 1, lockingKey: 1, keySeq: 1 },
      unique: true,
      where: { seqHeld: true },
    },
    { name: CREDITED_INDEX, keys: { credited: 1 }, unique: true, where: { hasCredited: true } },
    { name: OLD_CREDITS_INDEX, keys: { receivedAt: 1, templateId: 1 }, where: { hasCredited: true } },
    { name: 'state_nextAt', keys: { state: 1, nextAt: 1 } },
    { name: 'templateId_queued', keys: { templateId: 1 }, where: { state: 'QUEUED' } },
    { name: 'receivedAt_queued', keys: { receivedAt: 1 }, where: { state: 'QUEUED' } },
    { name: 'updatedAt_queued', keys: { updatedAt: 1 }, where: { state: 'QUEUED' } },
    { name: 'receivedAt', keys: { receivedAt: 1, _id: 1 } },
    { name: 'lockingKey_receivedAt', keys: { lockingKey: 1, receivedAt: 1 } },
    { name: 'luckPending', keys: { luckPending: 1 }, where: { luckPending: true } },
    { name: 'quoteDueAt', keys: { quoteDueAt: 1 }, where: { quoteDueAt: { $exists: true } } },
    { name: 'settleDueAt', keys: { settleDueAt: 1 }, where: { settleDueAt: { $exists: true } } },
  ],
  outbox: true,
};

export function batchKey(batch: { poolId: string; batchId: string }): string {
  return `${batch.poolId}/${batch.batchId}`;
}

/** uint64 as text that sorts like the number. */
export function decimal(value: bigint): string {
  return value.toString().padStart(20, '0');
}

export function storedBatch(document: BatchDocument): StoredBatch {
  const { state, code, revision, attempt, wellShaped, autoReplays, version, trace } = document;
  return {
    id: document._id,
    version,
    batch: BatchAccepted.decode(document.event),
    state,
    code,
    revision,
    attempt,
    nextAtMs: document.nextAt?.getTime(),
    wellShaped,
    holdsKeySeq: document.seqHeld,
    carryAfter: BigInt(document.carryAfter),
    receivedAtMs: document.receivedAt.getTime(),
    waitingSinceMs: document.waitingSince.getTime(),
    autoReplays,
    trace,
  };
}
