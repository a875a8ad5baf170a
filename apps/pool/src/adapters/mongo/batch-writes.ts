import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import { duplicateIndexOf, duplicateWrites, isUnknownOutcome } from '@assay/shared/runtime/mongo';
import type { BatchTrace, OpenBatch, SignedSeal } from '../../domain/batch.ts';
import type { BatchWrite, BatchWriteOutcome } from '../../ports.ts';
import { type BatchDocument, documentOf, packRecords, sealedDocumentOf, sealFields } from './batch-document.ts';
import type { PoolEventEntries } from './batches.ts';

type Push = Extract<BatchWrite, { do: 'push' }>;

/** Inserts go as one `insertMany`, pushes as one `bulkWrite`, both at once. */
export async function writeBatches(
  collection: Collection<BatchDocument>,
  events: PoolEventEntries,
  writes: readonly BatchWrite[],
): Promise<readonly BatchWriteOutcome[]> {
  const outcomes = writes.map((): BatchWriteOutcome => 'unknown');
  const documents: BatchDocument[] = [];
  const pushes: Push[] = [];
  const insertedAt: number[] = [];
  const pushedAt: number[] = [];
  writes.forEach((write, index) => {
    if (write.do === 'push') {
      pushes.push(write);
      pushedAt.push(index);
    } else {
      documents.push(documentOfWrite(write, events));
      insertedAt.push(index);
    }
  });
  const place = (at: readonly number[]) => (found: readonly BatchWriteOutcome[]) => {
    at.forEach((index, order) => (outcomes[index] = found[order] ?? 'unknown'));
  };
  await Promise.all([
    insertAll(collection, documents).then(place(insertedAt)),
    pushAll(collection, pushes).then(place(pushedAt)),
  ]);
  return outcomes;
}

function documentOfWrite(write: Exclude<BatchWrite, Push>, events: PoolEventEntries): BatchDocument {
  if (write.do === 'open') return documentOf(write.batch);
  const { batch, seal, trace } = write;
  return sealedDocumentOf(batch, seal, events.batchAccepted(batch, seal, trace));
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
    return outcomesOf(error, documents.length, 'stored');
  }
}

async function pushAll(
  collection: Collection<BatchDocument>,
  pushes: readonly Push[],
): Promise<readonly BatchWriteOutcome[]> {
  if (pushes.length === 0) return [];
  try {
    const { matchedCount } = await collection.bulkWrite(pushes.map(pushOperation), { ordered: false });
    // The answer does not say which one found no document; `lost` makes the flow read each of them.
    const all: BatchWriteOutcome = matchedCount === pushes.length ? 'stored' : 'lost';
    return pushes.map(() => all);
  } catch (error) {
    return outcomesOf(error, pushes.length, 'lost');
  }
}

function pushOperation({ batch, shares }: Push): AnyBulkWriteOperation<BatchDocument> {
  return {
    updateOne: {
      filter: { _id: batch.batchId, version: batch.version, owner: batch.owner, state: 'open' },
      update: {
        $push: { shares: packRecords(shares), shareHashes: { $each: shares.map(({ hash }) => hash) } },
        $inc: { version: 1, shareCount: shares.length },
      },
    },
  };
}

/** @param others what holds for the writes that the error does not name */
function outcomesOf(error: unknown, count: number, others: BatchWriteOutcome): readonly BatchWriteOutcome[] {
  const refused = duplicateWrites(error);
  if (refused === undefined) {
    if (isUnknownOutcome(error)) return Array.from({ length: count }, () => 'unknown');
    throw error;
  }
  return Array.from({ length: count }, (_, index) => {
    const name = refused.get(index);
    return name === undefined ? others : outcomeOfIndex(name);
  });
}

function outcomeOfIndex(name: string): BatchWriteOutcome {
  if (name === 'shareHashes_unique') return 'duplicate';
  return name === 'lockingKey_keySeq_unique' ? 'key-seq-taken' : 'id-taken';
}

/** OPEN → SEALED with its event, by compare-and-set. */
export async function sealBatch(
  collection: Collection<BatchDocument>,
  events: PoolEventEntries,
  batch: OpenBatch,
  seal: SignedSeal,
  trace: BatchTrace | undefined,
): Promise<BatchWriteOutcome> {
  try {
    const { matchedCount } = await collection.updateOne(
      { _id: batch.batchId, version: batch.version, owner: batch.owner, state: 'open' },
      {
        $set: { ...sealFields(seal), state: 'sealed' },
        $push: { outbox: events.batchAccepted(batch, seal, trace) },
        $inc: { version: 1 },
      },
    );
    return matchedCount === 1 ? 'stored' : 'lost';
  } catch (error) {
    const name = duplicateIndexOf(error);
    if (name !== undefined) return outcomeOfIndex(name);
    if (isUnknownOutcome(error)) return 'unknown';
    throw error;
  }
}
