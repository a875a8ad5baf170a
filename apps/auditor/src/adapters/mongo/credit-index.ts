import type { Collection } from 'mongodb';
import type { CreditIndex } from '../../upkeep-ports.ts';
import { type BatchDocument, OLD_CREDITS_INDEX } from './batch-document.ts';

/** The hashes of credited shares, each in the document of its batch. */
export function creditIndex(batches: Collection<BatchDocument>): CreditIndex {
  const old = (beforeMs: number) => ({ hasCredited: true, receivedAt: { $lt: new Date(beforeMs) } });
  return {
    templatesBefore: async (beforeMs, { afterId, limit }) => {
      const match = { ...old(beforeMs), templateId: { $gt: afterId } };
      const stages = [{ $match: match }, { $group: { _id: '$templateId' } }, { $sort: { _id: 1 } }, { $limit: limit }];
      const found = batches.aggregate<{ _id: string }>(stages, { hint: OLD_CREDITS_INDEX });
      return (await found.toArray()).map(({ _id }) => _id);
    },
    prune: async (templateId, beforeMs) => {
      const pruned = await batches.updateMany(
        { ...old(beforeMs), templateId },
        { $set: { hasCredited: false, credited: [] }, $inc: { version: 1 } },
        { hint: OLD_CREDITS_INDEX },
      );
      return pruned.modifiedCount;
    },
  };
}
