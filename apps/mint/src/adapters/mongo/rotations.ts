import { present } from '@assay/shared/kernel/assert';
import { type UnixMs, unixMs } from '@assay/shared/kernel/clock';
import { type Amount, amount } from '@assay/shared/kernel/money';
import { type CollectionDefinition, duplicateIndexOf, type Versioned } from '@assay/shared/runtime/mongo';
import { type OutboxEntry, OUTBOX_SCHEMA, outboxEntry } from '@assay/shared/runtime/outbox';
import { currentTrace } from '@assay/shared/runtime/telemetry';
import type { Collection, Db } from 'mongodb';
import type { Keyset } from '../../domain/keyset.ts';
import type { Rotated, Rotation } from '../../domain/rotation.ts';
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
const BEGIN_ATTEMPTS_MAX = 100;
const UNIT_INDEX = 'begunUnit_unique';
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
  indexes: [
    { name: 'begun_at', keys: { at: 1 }, where: { state: 'BEGUN' } },
    // Holds one begun rotation of a unit at a time.
    { name: UNIT_INDEX, keys: { unit: 1 }, unique: true, where: { state: 'BEGUN' } },
  ],
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
    noteOld: (rotation, keysetId) => noteOld(collection, rotation, keysetId),
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
  for (let attempt = 1; attempt <= BEGIN_ATTEMPTS_MAX; attempt += 1) {
    if (await isBegun(collection, rotation)) return rotation;
    const noted = await collection.findOne({ _id: rotation.rotationId });
    if (noted !== null && noted.state !== 'GIVEN_UP') return parseRotation(noted);
    const other = await collection.findOne({ unit: rotation.unit, state: 'BEGUN' });
    if (other !== null) return parseRotation(other);
  }
  throw new Error(`rotations of ${rotation.unit} were begun and ended ${BEGIN_ATTEMPTS_MAX} times meanwhile`);
}

/** What was given up may be asked for again: the signatory has nothing under its id. */
async function isBegun(collection: Collection<RotationDocument>, rotation: Rotation): Promise<boolean> {
  const { rotationId: _id, unit, inputFeePpk, finalExpiryS, amounts, at } = rotation;
  const document = {
    ...{ state: 'BEGUN' as const, unit, inputFeePpk, amounts: [...amounts], at: new Date(at), version: 1, outbox: [] },
    ...(finalExpiryS === undefined ? {} : { finalExpiryS }),
  };
  try {
    const { matchedCount } = await collection.replaceOne({ _id, state: 'GIVEN_UP' }, document);
    if (matchedCount === 0) await collection.insertOne({ _id, ...document });
    return true;
  } catch (error) {
    if (duplicateIndexOf(error) === undefined) throw error;
    return false;
  }
}

/** Of this beginning of the rotation: one that was given up may be begun again when another keyset is active. */
async function noteOld(
  collection: Collection<RotationDocument>,
  { rotationId, at }: Rotation,
  keysetId: string,
): Promise<string> {
  const beginning = { _id: rotationId, at: new Date(at) };
  await collection.updateOne(
    { ...beginning, state: 'BEGUN', oldKeysetId: { $exists: false } },
    { $set: { oldKeysetId: keysetId }, $inc: { version: 1 } },
  );
  return present((await collection.findOne(beginning))?.oldKeysetId, `what ${rotationId} replaces`);
}

async function complete(
  collection: Collection<RotationDocument>,
  rotation: Rotated,
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

function rotatedEvent({ oldKeysetId }: Rotated, keyset: Keyset, at: UnixMs): OutboxEntry {
  const { id, unit, inputFeePpk, finalExpiryS, keys } = keyset;
  const message = {
    ...{ unit: unit.toUpperCase(), oldKeysetId, newKeysetId: id, inputFeePpk },
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
