import { present } from '@assay/shared/kernel/assert';
import { type UnixMs, unixMs } from '@assay/shared/kernel/clock';
import { type Amount, amount } from '@assay/shared/kernel/money';
import {
  type CollectionDefinition,
  compareAndSet,
  duplicateIndexOf,
  type Versioned,
} from '@assay/shared/runtime/mongo';
import { type OutboxEntry, OUTBOX_SCHEMA, outboxEntry } from '@assay/shared/runtime/outbox';
import { currentTrace } from '@assay/shared/runtime/telemetry';
import type { Collection, Db } from 'mongodb';
import type { Keyset } from '../../domain/keyset.ts';
import type { Rotation } from '../../domain/rotation.ts';
import type { Unit } from '../../domain/unit.ts';
import type { Rotations } from '../../fund-ports.ts';

interface KeysetDocument {
  id: string;
  active: boolean;
  inputFeePpk: bigint;
  finalExpiryS?: bigint;
  keys: { amount: bigint; pubkey: string }[];
}

/** `_id` is the rotation id. */
interface RotationDocument extends Versioned {
  state: 'BEGUN' | 'ROTATED' | 'GIVEN_UP';
  unit: Unit;
  inputFeePpk: bigint;
  finalExpiryS?: bigint;
  amounts: bigint[];
  oldKeysetId?: string;
  at: Date;
  keyset?: KeysetDocument;
  why?: string;
}

const SWEEP_MAX = 100;
const NUMBER = { bsonType: 'long', minimum: 0 } as const;

export const ROTATIONS: CollectionDefinition = {
  name: 'rotations',
  outbox: true,
  schema: {
    bsonType: 'object',
    required: ['_id', 'state', 'unit', 'inputFeePpk', 'amounts', 'at', 'version', 'outbox'],
    properties: {
      _id: { bsonType: 'string', minLength: 1, maxLength: 64 },
      state: { enum: ['BEGUN', 'ROTATED', 'GIVEN_UP'] },
      unit: { bsonType: 'string' },
      inputFeePpk: NUMBER,
      finalExpiryS: NUMBER,
      amounts: { bsonType: 'array', maxItems: 64 },
      at: { bsonType: 'date' },
      version: { bsonType: 'int', minimum: 1 },
      outbox: OUTBOX_SCHEMA,
    },
  },
  indexes: [{ name: 'begun_at', keys: { at: 1 }, where: { state: 'BEGUN' } }],
};

/** Rotations in MongoDB; `mint.keyset.rotated` is committed with the keyset that came of it, so once. */
export function mongoRotations(db: Db): Rotations {
  const collection = db.collection<RotationDocument>(ROTATIONS.name);
  return {
    find: async (rotationId) => {
      const found = await collection.findOne({ _id: rotationId });
      return found === null ? undefined : { keyset: found.keyset && parseKeyset(found.unit, found.keyset) };
    },
    begin: (rotation) => begin(collection, rotation),
    complete: (rotation, keyset, at) => complete(collection, rotation, keyset, at),
    giveUp: async (rotationId, why) => {
      const change = { $set: { state: 'GIVEN_UP' as const, why }, $inc: { version: 1 } };
      await collection.updateOne({ _id: rotationId, state: 'BEGUN' }, change);
    },
    listBegun: async (before) => {
      const found = collection.find({ state: 'BEGUN', at: { $lte: new Date(before) } }).limit(SWEEP_MAX);
      return (await found.toArray()).map(parseRotation);
    },
  };
}

async function begin(collection: Collection<RotationDocument>, rotation: Rotation): Promise<Rotation> {
  const { rotationId, unit, inputFeePpk, finalExpiryS, amounts, oldKeysetId, at } = rotation;
  try {
    await collection.insertOne({
      ...{ _id: rotationId, state: 'BEGUN', unit, inputFeePpk, amounts: [...amounts], at: new Date(at) },
      ...(finalExpiryS === undefined ? {} : { finalExpiryS }),
      ...(oldKeysetId === undefined ? {} : { oldKeysetId }),
      ...{ version: 1, outbox: [] },
    });
    return rotation;
  } catch (error) {
    if (duplicateIndexOf(error) !== '_id_') throw error;
  }
  const first = present(await collection.findOne({ _id: rotationId }), rotationId);
  // What was given up may be asked for again: the signatory has nothing under this id.
  if (first.state === 'GIVEN_UP')
    await compareAndSet(collection, rotationId, first.version, { $set: { state: 'BEGUN' } });
  return parseRotation(first);
}

async function complete(
  collection: Collection<RotationDocument>,
  rotation: Rotation,
  keyset: Keyset,
  at: UnixMs,
): Promise<void> {
  // Also of one that was given up: two may ask the signatory at once, and be refused and answered.
  await collection.updateOne(
    { _id: rotation.rotationId, state: { $ne: 'ROTATED' } },
    {
      $set: { state: 'ROTATED', keyset: renderKeyset(keyset) },
      $push: { outbox: rotatedEvent(rotation, keyset, at) },
      $inc: { version: 1 },
    },
  );
}

function rotatedEvent({ oldKeysetId }: Rotation, keyset: Keyset, at: UnixMs): OutboxEntry {
  const { id, unit, inputFeePpk, finalExpiryS, keys } = keyset;
  const message = {
    ...{ unit: unit.toUpperCase(), oldKeysetId: oldKeysetId ?? '', newKeysetId: id, inputFeePpk },
    ...{ finalExpiry: finalExpiryS ?? 0n, atMs: BigInt(at) },
    keys: [...keys].map(([value, pubkey]) => ({ amount: value, pubkey: Buffer.from(pubkey, 'hex') })),
  };
  return outboxEntry('mint.keyset.rotated', message, at, currentTrace());
}

function parseRotation(document: RotationDocument): Rotation {
  const { _id, unit, inputFeePpk, finalExpiryS, amounts, oldKeysetId, at } = document;
  return { rotationId: _id, unit, inputFeePpk, finalExpiryS, amounts, oldKeysetId, at: unixMs(at.getTime()) };
}

function renderKeyset({ id, active, inputFeePpk, finalExpiryS, keys }: Keyset): KeysetDocument {
  return {
    ...{ id, active, inputFeePpk, keys: [...keys].map(([value, pubkey]) => ({ amount: value, pubkey })) },
    ...(finalExpiryS === undefined ? {} : { finalExpiryS }),
  };
}

function parseKeyset(unit: Unit, { id, active, inputFeePpk, finalExpiryS, keys }: KeysetDocument): Keyset {
  const parsed = new Map<Amount, string>(keys.map((key) => [amount(key.amount), key.pubkey]));
  return { id, unit, active, inputFeePpk, finalExpiryS, keys: parsed };
}
