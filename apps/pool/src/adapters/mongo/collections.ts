import type { CollectionDefinition } from '@assay/shared/runtime/mongo';
import { OUTBOX_SCHEMA } from '@assay/shared/runtime/outbox';

const text = { bsonType: 'string' };
const date = { bsonType: 'date' };
const bytes = { bsonType: 'binData' };
const flag = { bsonType: 'bool' };
const number = { bsonType: 'number' };
const int64 = { bsonType: 'long', minimum: 0 };
const version = { bsonType: 'int', minimum: 1 };
const lockingKey = { bsonType: 'string', minLength: 66, maxLength: 66 };
const hash = { bsonType: 'string', minLength: 64, maxLength: 64 };
const aggregate = { version, outbox: OUTBOX_SCHEMA, trace: { bsonType: 'object' } };
const AGGREGATE_FIELDS = ['_id', 'version', 'outbox'];

function objectOf(required: readonly string[], properties: object): object {
  return { bsonType: 'object', required: [...required], properties };
}

const verdict = { bsonType: 'object', required: ['valid', 'code', 'decidedAt', 'verdictHash'] };

/** One document per batch; `_id` is the batch_id (01-pool sections 9 and 13). */
const BATCHES: CollectionDefinition = {
  name: 'batches',
  outbox: true,
  schema: objectOf(
    [...AGGREGATE_FIELDS, 'state', 'owner', 'lockingKey', 'templateId', 'k', 'openedAt', 'sealDueAt', 'shareCount'],
    {
      ...aggregate,
      state: { enum: ['open', 'sealed', 'valid', 'invalid'] },
      poolId: text,
      owner: text,
      lockingKey,
      templateId: hash,
      assignedTarget: hash,
      k: number,
      openedAt: date,
      sealDueAt: date,
      shareCount: { bsonType: 'int', minimum: 1, maximum: 256 },
      shares: { bsonType: 'array', minItems: 1, maxItems: 256 },
      shareHashes: { bsonType: 'array', minItems: 1, maxItems: 256 },
      hasHashes: flag,
      keySeq: { bsonType: 'long', minimum: 1 },
      creditShift: number,
      carryIn: int64,
      carryOut: int64,
      creditSum: int64,
      sharesRoot: bytes,
      batchHash: bytes,
      signature: bytes,
      sealedAt: date,
      verdict,
      deadLetterCode: text,
    },
  ),
  indexes: [
    { name: 'shareHashes_unique', keys: { shareHashes: 1 }, unique: true, where: { hasHashes: true } },
    {
      name: 'lockingKey_keySeq_unique',
      keys: { lockingKey: 1, keySeq: 1 },
      unique: true,
      where: { keySeq: { $exists: true } },
    },
    { name: 'state_sealDueAt', keys: { state: 1, sealDueAt: 1 } },
    { name: 'lockingKey_openedAt', keys: { lockingKey: 1, openedAt: -1 } },
    { name: 'openedAt', keys: { openedAt: -1 } },
    { name: 'templateId', keys: { templateId: 1 } },
    { name: 'sealedAt_hashes', keys: { sealedAt: 1 }, where: { hasHashes: true } },
  ],
};

const TEMPLATES: CollectionDefinition = {
  name: 'templates',
  outbox: true,
  schema: objectOf(
    [...AGGREGATE_FIELDS, 'state', 'poolId', 'prevHash', 'height', 'curtime', 'fetchedAt', 'declaredAt', 'lastJobAt'],
    {
      ...aggregate,
      _id: hash,
      state: { enum: ['active', 'superseded', 'stale', 'invalid', 'closed'] },
      source: { enum: ['pool'] },
      prevHash: hash,
      coinbasePrefix: bytes,
      coinbaseSuffix: bytes,
      merkleBranch: { bsonType: 'array', maxItems: 16, items: bytes },
      bodyHash: bytes,
      coinbaseValue: int64,
      declaredAt: date,
      fetchedAt: date,
      lastJobAt: date,
      closedAt: date,
      bodyGone: flag,
      verdict,
    },
  ),
  indexes: [
    { name: 'state_declaredAt', keys: { state: 1, declaredAt: -1 } },
    { name: 'declaredAt', keys: { declaredAt: -1 } },
  ],
};

const TEMPLATE_BODIES: CollectionDefinition = {
  name: 'templateBodies',
  schema: objectOf(['_id', 'templateId', 'n', 'bodyHash', 'bytes'], { templateId: hash, n: number, bytes }),
  indexes: [{ name: 'templateId', keys: { templateId: 1, n: 1 } }],
};

const SLOTS: CollectionDefinition = {
  name: 'slots',
  schema: objectOf(['_id', 'owner', 'until', 'token', 'ranges', 'version'], {
    _id: { bsonType: 'int', minimum: 0, maximum: 1023 },
    owner: text,
    until: date,
    token: number,
    ranges: { bsonType: 'object' },
    version,
  }),
  indexes: [],
};

const WORKERS: CollectionDefinition = {
  name: 'workers',
  schema: objectOf(['_id', 'lockingKey', 'name', 'slot', 'agent', 'k', 'counts', 'work', 'seenAt'], {
    lockingKey,
    name: { bsonType: 'string', maxLength: 32 },
    agent: { bsonType: 'string', maxLength: 64 },
    counts: { bsonType: 'object' },
    // Hashes may exceed 2^63: decimal digits, zero-padded to 30.
    work: { bsonType: 'string', minLength: 30, maxLength: 30 },
    seenAt: date,
  }),
  indexes: [
    { name: 'lockingKey', keys: { lockingKey: 1, name: 1 } },
    { name: 'seenAt', keys: { seenAt: -1 } },
  ],
};

const BLOCKS: CollectionDefinition = {
  name: 'blocks',
  outbox: true,
  schema: objectOf([...AGGREGATE_FIELDS, 'state', 'height', 'header', 'foundAt', 'source', 'answers', 'updatedAt'], {
    ...aggregate,
    _id: hash,
    state: { enum: ['submitted', 'refused', 'chained', 'mature', 'orphaned'] },
    source: { enum: ['share', 'scan'] },
    header: bytes,
    extranonce: bytes,
    reward: int64,
    answers: { bsonType: 'array', maxItems: 64 },
  }),
  indexes: [
    { name: 'state', keys: { state: 1, height: -1 } },
    { name: 'height', keys: { height: -1, _id: -1 } },
    { name: 'templateId', keys: { templateId: 1 } },
  ],
};

/** What must stay as it was at the first start: one document `pool`. */
const SETTINGS: CollectionDefinition = {
  name: 'settings',
  schema: objectOf(['_id', 'poolId', 'creditShift'], { poolId: text, creditShift: number }),
  indexes: [],
};

export const POOL_COLLECTIONS: readonly CollectionDefinition[] = [
  BATCHES,
  TEMPLATES,
  TEMPLATE_BODIES,
  SLOTS,
  WORKERS,
  BLOCKS,
  SETTINGS,
];

/** Those whose documents carry an outbox, for the relay. */
export const OUTBOX_COLLECTIONS: readonly string[] = POOL_COLLECTIONS.filter(({ outbox }) => outbox === true).map(
  ({ name }) => name,
);
