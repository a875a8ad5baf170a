import type { Collection } from 'mongodb';
import type { UnixMs } from '@assay/shared/kernel/clock';
import type { BatchDocument } from './batch-document.ts';

/** Takes the hashes of long sealed batches out of the unique index: a header on so old a tip is stale anyway. */
export async function releaseOldHashes(
  collection: Collection<BatchDocument>,
  sealedBefore: UnixMs,
  limit: number,
): Promise<number> {
  const old = await collection
    .find({ hasHashes: true, sealedAt: { $lt: new Date(sealedBefore) } }, { projection: { _id: 1 } })
    .sort({ sealedAt: 1 })
    .limit(limit)
    .toArray();
  if (old.length === 0) return 0;
  const released = await collection.updateMany(
    { _id: { $in: old.map(({ _id }) => _id) }, state: { $ne: 'open' } },
    { $set: { hasHashes: false }, $unset: { shareHashes: '' }, $inc: { version: 1 } },
  );
  return released.modifiedCount;
}

/** Removes batches whose retention is over, but never the head of a key, nor what the relay has not published. */
export async function removeOldBatches(
  collection: Collection<BatchDocument>,
  sealedBefore: UnixMs,
  limit: number,
): Promise<number> {
  const before = new Date(sealedBefore);
  const old = collection
    .find(
      { openedAt: { $lt: before }, sealedAt: { $lt: before }, 'outbox.0': { $exists: false } },
      { projection: { lockingKey: 1, keySeq: 1 } },
    )
    .sort({ openedAt: 1 });
  // Heads of keys that mine no more stay for ever and are the oldest: the search goes on behind them.
  const removable: string[] = [];
  for await (const { _id, lockingKey, keySeq } of old) {
    if (keySeq === undefined) continue;
    const later = await collection.findOne({ lockingKey, keySeq: { $gt: keySeq } }, { projection: { _id: 1 } });
    if (later !== null) removable.push(_id);
    if (removable.length >= limit) break;
  }
  return removable.length === 0 ? 0 : (await collection.deleteMany({ _id: { $in: removable } })).deletedCount;
}
