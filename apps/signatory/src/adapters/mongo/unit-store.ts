import { unixMs } from '@assay/shared/kernel/clock';
import { assert } from '@assay/shared/kernel/assert';
import {
  type CollectionDefinition,
  compareAndSet,
  duplicateIndexOf,
  type Versioned,
} from '@assay/shared/runtime/mongo';
import type { Collection, Db } from 'mongodb';
import { parseUnit } from '../../domain/keyset.ts';
import type { StoredKeyset, UnitRecord } from '../../domain/unit.ts';
import type { UnitStore } from '../../ports.ts';

const KEYSET_ID_INDEX = 'keysetsId_unique';

interface KeysetDocument {
  index: number;
  id: string;
  amounts: bigint[];
  fee: bigint;
  /** Unix seconds. */
  finalExpiry: bigint | null;
  requestId: string | null;
  createdAt: Date;
}

interface UnitDocument extends Versioned {
  keysets: KeysetDocument[];
  activeIndex: number;
}

const KEYSET_SCHEMA = {
  bsonType: 'object',
  required: ['index', 'id', 'amounts', 'fee', 'finalExpiry', 'requestId', 'createdAt'],
  additionalProperties: false,
  properties: {
    index: { bsonType: 'int', minimum: 0 },
    id: { bsonType: 'string', pattern: '^01[0-9a-f]{64}$' },
    amounts: { bsonType: 'array', minItems: 1, maxItems: 53, items: { bsonType: 'long', minimum: 1 } },
    fee: { bsonType: 'long', minimum: 0 },
    finalExpiry: { bsonType: ['long', 'null'], minimum: 1 },
    requestId: { bsonType: ['string', 'null'], maxLength: 64 },
    createdAt: { bsonType: 'date' },
  },
} as const;

/** One document per unit holds all its keysets, so that "exactly one active" is one write. */
export const UNITS: CollectionDefinition = {
  name: 'units',
  schema: {
    bsonType: 'object',
    required: ['_id', 'keysets', 'activeIndex', 'version', 'outbox'],
    additionalProperties: false,
    properties: {
      _id: { bsonType: 'string', pattern: '^[a-z0-9_-]{1,32}$' },
      keysets: { bsonType: 'array', minItems: 1, maxItems: 10_000, items: KEYSET_SCHEMA },
      activeIndex: { bsonType: 'int', minimum: 0 },
      version: { bsonType: 'int', minimum: 1 },
      // Every aggregate has one; the signatory tells nobody anything.
      outbox: { bsonType: 'array', maxItems: 0 },
    },
  },
  indexes: [{ name: KEYSET_ID_INDEX, keys: { 'keysets.id': 1 }, unique: true }],
};

export function mongoUnitStore(db: Db): UnitStore {
  const units = db.collection<UnitDocument>(UNITS.name);
  return {
    async all() {
      return (await units.find().toArray()).map(recordOf);
    },
    async insert(record) {
      const index = await refusedBy(() => units.insertOne(documentOf(record)));
      if (index === undefined) return 'committed';
      return index === KEYSET_ID_INDEX ? 'id-taken' : 'taken';
    },
    rotate: (read, keyset) => rotate(units, read, keyset),
  };
}

async function rotate(
  units: Collection<UnitDocument>,
  read: UnitRecord,
  keyset: StoredKeyset,
): Promise<'committed' | 'stale' | 'id-taken'> {
  // A unique multikey index does not see a repeat inside one document.
  if (read.keysets.some(({ id }) => id === keyset.id)) return 'id-taken';
  const update = { $push: { keysets: keysetDocumentOf(keyset) }, $set: { activeIndex: keyset.index } };
  let swapped = false;
  const index = await refusedBy(async () => {
    swapped = await compareAndSet(units, read.unit, read.version, update);
  });
  if (index !== undefined) return 'id-taken';
  return swapped ? 'committed' : 'stale';
}

/** The unique index that refused the write. Anything else that goes wrong is a fault. */
async function refusedBy(write: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await write();
    return undefined;
  } catch (error) {
    const index = duplicateIndexOf(error);
    if (index === undefined) throw error;
    return index;
  }
}

function documentOf({ unit, keysets, activeIndex, version }: UnitRecord): UnitDocument {
  return { _id: unit, keysets: keysets.map(keysetDocumentOf), activeIndex, version, outbox: [] };
}

function keysetDocumentOf(keyset: StoredKeyset): KeysetDocument {
  return {
    index: keyset.index,
    id: keyset.id,
    amounts: [...keyset.amounts],
    fee: keyset.inputFeePpk,
    finalExpiry: keyset.finalExpiry ?? null,
    requestId: keyset.requestId ?? null,
    createdAt: new Date(keyset.createdAt),
  };
}

function recordOf(document: UnitDocument): UnitRecord {
  const unit = parseUnit(document._id);
  assert(unit.ok, `not a unit: ${document._id}`);
  const keysets = document.keysets.map(
    ({ index, id, amounts, fee, finalExpiry, requestId, createdAt }): StoredKeyset => ({
      index,
      id,
      amounts,
      inputFeePpk: fee,
      finalExpiry: finalExpiry ?? undefined,
      requestId: requestId ?? undefined,
      createdAt: unixMs(createdAt.getTime()),
    }),
  );
  return { unit: unit.value, keysets, activeIndex: document.activeIndex, version: document.version };
}
