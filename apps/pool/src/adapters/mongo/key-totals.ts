import type { Collection } from 'mongodb';
import type { LockingKey } from '@assay/shared/kernel/ids';
import type { BatchState } from '../../domain/batch.ts';
import { workOf } from '../../domain/difficulty.ts';
import type { KeyTotals } from '../../ports.ts';
import type { BatchDocument } from './batch-document.ts';

interface Group {
  readonly _id: { readonly state: BatchState; readonly k: number };
  readonly shares: number;
  readonly creditSum: bigint;
  readonly credited: bigint;
  readonly keySeq: bigint | null;
}

/** Sums over all batches of one key; undefined when it has none. */
export async function keyTotals(
  collection: Collection<BatchDocument>,
  lockingKey: LockingKey,
): Promise<KeyTotals | undefined> {
  const groups = await collection
    .aggregate<Group>([
      { $match: { lockingKey } },
      {
        $group: {
          _id: { state: '$state', k: '$k' },
          shares: { $sum: '$shareCount' },
          creditSum: { $sum: { $toLong: { $ifNull: ['$creditSum', 0] } } },
          credited: { $sum: { $toLong: { $ifNull: ['$verdict.credited', 0] } } },
          keySeq: { $max: '$keySeq' },
        },
      },
    ])
    .toArray();
  if (groups.length === 0) return undefined;
  const sum = (states: readonly BatchState[], of: 'creditSum' | 'credited') =>
    groups.reduce((total, group) => total + (states.includes(group._id.state) ? group[of] : 0n), 0n);
  const head = await collection.findOne({ lockingKey, keySeq: { $exists: true } }, { sort: { keySeq: -1 } });
  return {
    work: groups.reduce((total, { _id, shares }) => total + workOf(_id.k) * BigInt(shares), 0n),
    creditDeclared: sum(['sealed', 'valid', 'invalid'], 'creditSum'),
    creditValid: sum(['valid'], 'credited'),
    creditInvalid: sum(['invalid'], 'creditSum'),
    creditOpen: sum(['sealed'], 'creditSum'),
    head: { keySeq: head?.keySeq ?? 0n, carry: head?.carryOut ?? 0n },
  };
}
