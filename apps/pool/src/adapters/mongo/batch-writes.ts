import { type AnyBulkWriteOperation, type Collection, MongoBulkWriteError } from 'mongodb';
import { duplicateWrites, isUnknownOutcome } from '@assay/shared/runtime/mongo';
import type { BatchWrite, BatchWriteOutcome } from '../../ports.ts';
import {
  type BatchDocument,
  type BatchEventEntries,
  documentOf,
  packRecords,
  sealedDocumentOf,
  sealFields,
} from './batch-document.ts';

type Update = Extract<BatchWrite, { do: 'push' | 'seal' }>;
type Insert = Exclude<BatchWrite, Update>;

/** Inserts go as one `insertMany`, updates as one `bulkWrite`, both at once. */
export async function writeBatches(
  collection: Collection<BatchDocument>,
  events: BatchEventEntries,
  writes: readonly BatchWrite[],
): Promise<readonly BatchWriteOutcome[]> {
  const inserts = writes.filter(isInsert);
  const updates = writes.filter((write) => !isInsert(write));
  const [inserted, updated] = await Promise.all([
    insertAll(
      collection,
      inserts.map((write) => documentOfWrite(write, events)),
    ),
    updateAll(
      collection,
      updates.map((write) => operationOf(write, events)),
    ),
  ]);
  const outcomes = { inserted: inserted.values(), updated: updated.values() };
  return writes.map((write) => outcomes[isInsert(write) ? 'inserted' : 'updated'].next().value ?? 'unknown');
}

function isInsert(write: BatchWrite): write is Insert {
  return write.do === 'open' || write.do === 'seal-at-once';
}

function documentOfWrite(write: Insert, events: BatchEventEntries): BatchDocument {
  if (write.do === 'open') return documentOf(write.batch);
  const { batch, seal, trace } = write;
  return sealedDocumentOf(batch, seal, events.batchAccepted(batch, seal, trace));
}

function operationOf(write: Update, events: BatchEventEntries): AnyBulkWriteOperation<BatchDocument> {
  const { batchId, version, owner } = write.batch;
  const filter = { _id: batchId, version, owner, state: 'open' } as const;
  if (write.do === 'seal') {
    const { batch, seal, trace } = write;
    const $set = { ...sealFields(seal), state: 'sealed' } as const;
    const $push = { outbox: events.batchAccepted(batch, seal, trace) };
    return { updateOne: { filter, update: { $set, $push, $inc: { version: 1 } } } };
  }
  const { shares } = write;
  const $push = { shares: packRecords(shares), shareHashes: { $each: shares.map(({ hash }) => hash) } };
  return { updateOne: { filter, update: { $push, $inc: { version: 1, shareCount: shares.length } } } };
}

async function insertAll(
  collection: Collection<BatchDocument>,
  documents: readonly BatchDocument[],
): Promise<readonly BatchWriteOutcome[]> {
  if (documents.length === 0) return [];
  try {
    await collection.insertMany(documents, { ordered: false });
    return documents.map(() => 'stored');
  } catch (error) {
    return outcomesOf(error, documents.length, () => 'stored');
  }
}

async function updateAll(
  collection: Collection<BatchDocument>,
  operations: readonly AnyBulkWriteOperation<BatchDocument>[],
): Promise<readonly BatchWriteOutcome[]> {
  if (operations.length === 0) return [];
  // The answer counts the documents found and does not name them; `lost` makes the flow read each one.
  const unlessLost = (found: number, wanted: number): BatchWriteOutcome => (found === wanted ? 'stored' : 'lost');
  try {
    const { matchedCount } = await collection.bulkWrite(operations, { ordered: false });
    return operations.map(() => unlessLost(matchedCount, operations.length));
  } catch (error) {
    const matched = error instanceof MongoBulkWriteError ? error.result.matchedCount : 0;
    return outcomesOf(error, operations.length, (refused) => unlessLost(matched, operations.length - refused));
  }
}

/** @param others what holds for the writes that the error does not name, by how many it names */
function outcomesOf(
  error: unknown,
  count: number,
  others: (refused: number) => BatchWriteOutcome,
): readonly BatchWriteOutcome[] {
  const refused = duplicateWrites(error);
  if (refused === undefined) {
    if (isUnknownOutcome(error)) return Array.from({ length: count }, () => 'unknown');
    throw error;
  }
  return Array.from({ length: count }, (_, index) => {
    const name = refused.get(index);
    return name === undefined ? others(refused.size) : outcomeOfIndex(name);
  });
}

function outcomeOfIndex(name: string): BatchWriteOutcome {
  if (name === 'shareHashes_unique') return 'duplicate';
  return name === 'lockingKey_keySeq_unique' ? 'key-seq-taken' : 'id-taken';
}
