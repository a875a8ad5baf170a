import { duplicateIndexOf } from '@assay/shared/runtime/mongo';
import type { Collection, Db } from 'mongodb';
import { addSupplies, type Supply } from '../../domain/supply.ts';
import type { SupplyChunk, SupplyCounters } from '../../ports.ts';
import { atOneInstant, openChunk, type Snapshot } from './one-instant.ts';
import {
  type ChunkDocument,
  scopesOf,
  SUPPLY,
  SUPPLY_CHUNKS,
  type SupplyDocument,
  supplyOf,
  type SupplySums,
} from './supply-document.ts';

const NO_CHUNK: SupplyChunk = { number: 0, opIds: [], isOpen: false };

/** Supply counters in MongoDB; every method may be repeated and run by several instances at once. */
export function mongoSupplyCounters(db: Db): SupplyCounters {
  const counters = db.collection<SupplyDocument>(SUPPLY.name);
  const chunks = db.collection<ChunkDocument>(SUPPLY_CHUNKS.name);
  return {
    lastChunk: async () => {
      const found = await chunks.findOne({ _id: 'current' });
      return found === null ? NO_CHUNK : { number: found.number, opIds: found.opIds, isOpen: found.isOpen };
    },
    openChunk: (last, opIds) => beginChunk(chunks, last, opIds),
    addChunk: async (chunk, sums) => {
      for (const [scope, added] of scopesOf(sums)) await addOnce(counters, scope, added, chunk.number);
    },
    closeChunk: async ({ number }) => {
      await chunks.updateOne({ _id: 'current', number, isOpen: true }, { $set: { isOpen: false, opIds: [] } });
    },
    read: () => atOneInstant(db, readCounted),
  };
}

/** With the chunk that is open: where it was not added yet it is added here, or the counters would not add up. */
async function readCounted(snapshot: Snapshot): Promise<Supply> {
  const { session, supply } = snapshot;
  const counters = await supply.find({}, { session }).toArray();
  const open = await openChunk(snapshot);
  if (open === undefined) return supplyOf(counters);
  const have = new Set(counters.filter(({ chunk }) => chunk >= open.number).map(({ _id }) => _id));
  const missing = [...scopesOf(open.sums)].filter(([scope]) => !have.has(scope)).map(([, sums]) => sums);
  return addSupplies(supplyOf(counters), supplyOf(missing));
}

async function beginChunk(
  chunks: Collection<ChunkDocument>,
  last: SupplyChunk,
  opIds: readonly string[],
): Promise<boolean> {
  const filter = { _id: 'current', number: last.number, isOpen: false } as const;
  const next = { number: last.number + 1, isOpen: true, opIds: [...opIds] };
  try {
    const result = await chunks.updateOne(filter, { $set: next }, { upsert: last.number === 0 });
    return result.matchedCount + result.upsertedCount === 1;
  } catch (error) {
    if (duplicateIndexOf(error) === '_id_') return false;
    throw error;
  }
}

async function addOnce(
  counters: Collection<SupplyDocument>,
  scope: string,
  sums: SupplySums,
  chunk: number,
): Promise<void> {
  const entries = Object.entries(sums);
  const added = Object.fromEntries(entries.filter(([, value]) => typeof value === 'bigint'));
  const names = Object.fromEntries(entries.filter(([, value]) => typeof value !== 'bigint'));
  try {
    await counters.updateOne(
      { _id: scope, chunk: { $lt: chunk } },
      { $inc: added, $set: { chunk }, $setOnInsert: names },
      { upsert: true },
    );
  } catch (error) {
    // The document exists and does not match: it has this chunk already.
    if (duplicateIndexOf(error) !== '_id_') throw error;
  }
}
