import type { Collection } from 'mongodb';
import { toHex } from '@assay/shared/kernel/bytes';
import type { BatchWaits, DueTask, DueWork } from '../../ports.ts';
import { type BatchDocument, decimal, KEY_SEQ_INDEX } from './batch-document.ts';
import { grouped } from './grouped.ts';

const WAKES_MAX = 64;

type Batches = Collection<BatchDocument>;

/** Moves the due time of waiting batches to now; one whose task is on the way is left alone. */
export function batchWaits(batches: Batches): BatchWaits {
  const wakeWhere = async (query: object, atMs: number) => {
    const { filter, update } = wakening(query, atMs);
    return (await batches.updateMany(filter, update)).modifiedCount;
  };
  const wakeTogether = grouped(WAKES_MAX, async (updates: readonly ReturnType<typeof wakening>[]) => {
    const writes = updates.map((update) => ({ updateMany: { ...update, hint: KEY_SEQ_INDEX } }));
    const { modifiedCount } = await batches.bulkWrite(writes, { ordered: false });
    return updates.map(() => modifiedCount);
  });
  return {
    wake: (id, atMs) => wakeWhere({ _id: id }, atMs),
    wakeSuccessor: ({ poolId, lockingKey, keySeq }, atMs) => {
      const successor = { poolId, lockingKey: toHex(lockingKey), keySeq: decimal(keySeq + 1n), seqHeld: true };
      return wakeTogether(wakening({ ...successor, code: 'HOLD_PREVIOUS_BATCH' }, atMs));
    },
    wakeTemplateWaiters: (templateId, atMs) =>
      wakeWhere({ templateId: toHex(templateId), code: { $ne: 'HOLD_PREVIOUS_BATCH' } }, atMs),
  };
}

function wakening(query: object, atMs: number) {
  const at = new Date(atMs);
  return {
    filter: { ...query, state: 'QUEUED' as const, nextAt: { $gt: at } },
    update: { $set: { nextAt: at }, $inc: { version: 1 } },
  };
}

/** Batches whose wait is over, and how they are marked as enqueued. */
export function dueBatches(batches: Batches): DueWork {
  return {
    due: async (nowMs, limit) => {
      const found = await batches
        .find({ state: 'QUEUED', nextAt: { $lte: new Date(nowMs) } })
        .project<Pick<BatchDocument, '_id' | 'version' | 'revision' | 'trace'>>({
          version: 1,
          revision: 1,
          trace: 1,
        })
        .sort({ state: 1, nextAt: 1 })
        .limit(limit)
        .toArray();
      return found.map(batchTask);
    },
    enqueued: async (tasks, atMs) => {
      const updates = tasks.map(({ id, version }) => ({
        updateOne: {
          filter: { _id: id, version },
          update: {
            $unset: { nextAt: '' as const },
            $set: { updatedAt: new Date(atMs) },
            $inc: { version: 1 },
          },
        },
      }));
      if (updates.length > 0) await batches.bulkWrite(updates, { ordered: false });
    },
  };
}

export function batchTask(document: Pick<BatchDocument, '_id' | 'version' | 'revision' | 'trace'>): DueTask {
  const { _id: id, version, revision, trace } = document;
  return { kind: 'batch', id, version, revision, trace };
}
