import type { Collection, Db, Filter } from 'mongodb';
import type { Bytes } from '@assay/shared/kernel/bytes';
import { toHex } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';
import type { LockingKey } from '@assay/shared/kernel/ids';
import { compareAndSet } from '@assay/shared/runtime/mongo';
import type { OutboxEntry } from '@assay/shared/runtime/outbox';
import type { KeyHead, OpenBatch, SealedBatch } from '../../domain/batch.ts';
import { FIRST_HEAD } from '../../domain/batch.ts';
import type { BatchFilter, BatchPort, BatchWrite, BatchWriteOutcome } from '../../ports.ts';
import { type BatchDocument, type BatchEventEntries, batchOf } from './batch-document.ts';
import { removeOldBatches, releaseOldHashes } from './batch-retention.ts';
import { keyTotals } from './key-totals.ts';
import { writeBatches } from './batch-writes.ts';

/** Told of the event that was committed with a sealed batch. */
export type OnSealed = (batchId: string, event: OutboxEntry) => void;

export function batchPort(db: Db, events: BatchEventEntries, onSealed: OnSealed = () => undefined): BatchPort {
  const collection = db.collection<BatchDocument>('batches');
  return {
    write: (writes) => writeAndTell(collection, events, writes, onSealed),
    async find(batchId) {
      const document = await collection.findOne({ _id: batchId });
      return document === null ? undefined : batchOf(document);
    },
    storedHashes: (hashes) => storedHashes(collection, hashes),
    head: (lockingKey) => headOf(collection, lockingKey),
    async findOpenDue(dueBefore, limit) {
      const due = { state: 'open', sealDueAt: { $lte: new Date(dueBefore) } } as const;
      const documents = await collection.find(due).sort({ sealDueAt: 1 }).limit(limit).toArray();
      return documents.map(batchOf).filter(isOpen);
    },
    async adopt(batch, owner) {
      const set = await compareAndSet(collection, batch.batchId, batch.version, { $set: { owner } });
      return set ? { ...batch, owner, version: batch.version + 1 } : undefined;
    },
    applyVerdict: (batch, { valid, code, credited, decidedAt, verdictHash }) =>
      compareAndSet(collection, batch.batchId, batch.version, {
        $set: {
          state: valid ? 'valid' : 'invalid',
          verdict: { valid, code, credited, decidedAt: new Date(decidedAt), verdictHash },
        },
      }),
    noteDeadLetter: (batch, code) =>
      compareAndSet(collection, batch.batchId, batch.version, { $set: { deadLetterCode: code } }),
    hasOpen: async (templateId) =>
      (await collection.findOne({ templateId, state: 'open' }, { projection: { _id: 1 } })) !== null,
    countOfTemplate: (templateId) => collection.countDocuments({ templateId }),
    releaseHashes: (before, limit) => releaseOldHashes(collection, before, limit),
    removeOld: (before, limit) => removeOldBatches(collection, before, limit),
    list: (filter, limit) => listBatches(collection, filter, limit),
    totals: (lockingKey) => keyTotals(collection, lockingKey),
  };
}

async function writeAndTell(
  collection: Collection<BatchDocument>,
  events: BatchEventEntries,
  writes: readonly BatchWrite[],
  onSealed: OnSealed,
): Promise<readonly BatchWriteOutcome[]> {
  const sealed = new Map<string, OutboxEntry>();
  const batchAccepted: BatchEventEntries['batchAccepted'] = (batch, seal, trace) => {
    const event = events.batchAccepted(batch, seal, trace);
    sealed.set(batch.batchId, event);
    return event;
  };
  const outcomes = await writeBatches(collection, { batchAccepted }, writes);
  for (const [index, { batch }] of writes.entries()) {
    const event = sealed.get(batch.batchId);
    if (event !== undefined && outcomes[index] === 'stored') onSealed(batch.batchId, event);
  }
  return outcomes;
}

function isOpen(batch: OpenBatch | SealedBatch): batch is OpenBatch {
  return batch.state === 'open';
}

async function storedHashes(
  collection: Collection<BatchDocument>,
  hashes: readonly Bytes[],
): Promise<ReadonlySet<string>> {
  const wanted = new Set(hashes.map(toHex));
  const documents = await collection
    .find({ shareHashes: { $in: [...hashes] }, hasHashes: true }, { projection: { shareHashes: 1 } })
    .toArray();
  return new Set(
    documents.flatMap(({ shareHashes = [] }) => shareHashes.map(toHex)).filter((hash) => wanted.has(hash)),
  );
}

async function headOf(collection: Collection<BatchDocument>, lockingKey: LockingKey): Promise<KeyHead> {
  const head = await collection.findOne(
    { lockingKey, keySeq: { $exists: true } },
    { sort: { keySeq: -1 }, projection: { keySeq: 1, carryOut: 1 } },
  );
  return head?.keySeq === undefined || head.carryOut === undefined
    ? FIRST_HEAD
    : { keySeq: head.keySeq, carry: head.carryOut };
}

async function listBatches(
  collection: Collection<BatchDocument>,
  filter: BatchFilter,
  limit: number,
): Promise<readonly (OpenBatch | SealedBatch)[]> {
  const documents = await collection
    .find(queryOf(filter), { projection: { shares: 0, shareHashes: 0, outbox: 0 } })
    .sort({ openedAt: -1, _id: -1 })
    .limit(limit)
    .toArray();
  return documents.map(batchOf);
}

function queryOf({ lockingKey, state, openedFrom, openedBefore, after }: BatchFilter): Filter<BatchDocument> {
  const opened = (bound: '$gte' | '$lt', at: UnixMs): Filter<BatchDocument> => ({
    openedAt: { [bound]: new Date(at) },
  });
  const bounds: Filter<BatchDocument>[] = [];
  if (lockingKey !== undefined) bounds.push({ lockingKey });
  if (state !== undefined) bounds.push({ state });
  if (openedFrom !== undefined) bounds.push(opened('$gte', openedFrom));
  if (openedBefore !== undefined) bounds.push(opened('$lt', openedBefore));
  if (after !== undefined) {
    const openedAt = new Date(after.openedAt);
    bounds.push({ $or: [{ openedAt: { $lt: openedAt } }, { openedAt, _id: { $lt: after.batchId } }] });
  }
  return bounds.length === 0 ? {} : { $and: bounds };
}
