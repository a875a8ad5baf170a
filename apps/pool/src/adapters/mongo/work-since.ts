import type { Db } from 'mongodb';
import type { UnixMs } from '@assay/shared/kernel/clock';
import type { BatchState } from '../../domain/batch.ts';
import { workOf } from '../../domain/difficulty.ts';

const STATES: readonly BatchState[] = ['open', 'sealed', 'valid', 'invalid'];

/** Work in hashes of the batches that were due at or after an instant; a question for statistics, not for money. */
export function workSince(db: Db): (at: UnixMs) => Promise<bigint> {
  const collection = db.collection('batches');
  return async (at) => {
    const groups = await collection
      .aggregate<{ _id: number; shares: number }>([
        { $match: { state: { $in: STATES }, sealDueAt: { $gte: new Date(at) } } },
        { $group: { _id: '$k', shares: { $sum: '$shareCount' } } },
      ])
      .toArray();
    return groups.reduce((work, { _id, shares }) => work + workOf(_id) * BigInt(shares), 0n);
  };
}
