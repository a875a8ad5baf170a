import type { Collection } from 'mongodb';
import { type CollectionDefinition, compareAndSet, duplicateIndexOf } from '@assay/shared/runtime/mongo';
import type { Luck } from '../../domain/statistics/luck.ts';
import type { LuckBook } from '../../upkeep-ports.ts';
import type { BatchDocument } from './batch-document.ts';

export interface LuckDocument {
  /** `pool_id/locking key` */
  _id: string;
  version: number;
  shares: bigint;
  /** Zero-padded decimal: it may outgrow 63 bits. */
  sum: string;
  /** Batches that the last step added; they may not be marked yet. */
  chunk: string[];
}

const SUM_DIGITS = 40;

export const LUCK_SUMS: CollectionDefinition = {
  name: 'luckSums',
  schema: {
    bsonType: 'object',
    required: ['_id', 'version', 'shares', 'sum', 'chunk'],
    properties: {
      shares: { bsonType: ['int', 'long'], minimum: 0 },
      sum: { bsonType: 'string', pattern: `^[0-9]{${SUM_DIGITS}}$` },
      chunk: { bsonType: 'array', maxItems: 1_000 },
    },
  },
  indexes: [],
};

type Batches = Collection<BatchDocument>;
type Sums = Collection<LuckDocument>;
type Pending = Pick<BatchDocument, '_id' | 'poolId' | 'lockingKey'> & Required<Pick<BatchDocument, 'luck'>>;

/**
 * Sums are added in chunks: one update adds a chunk and names its batches, then these are marked. After a crash in
 * between the named ones are only marked, never added again. One process at a time (the sweeper's lease).
 */
export function luckBook(batches: Batches, sums: Sums): LuckBook {
  return {
    addUp: async (limit) => {
      const pending = await batches
        .find({ luckPending: true })
        .project<Pending>({ poolId: 1, lockingKey: 1, luck: 1 })
        .limit(limit)
        .toArray();
      const byScope = Map.groupBy(pending, ({ poolId, lockingKey }) => `${poolId}/${lockingKey}`);
      const changed: { scope: string; luck: Luck }[] = [];
      for (const [scope, verdicts] of byScope)
        changed.push({ scope, luck: await addChunk(batches, sums, scope, verdicts) });
      const ids = pending.map(({ _id }) => _id);
      await mark(batches, ids);
      return changed;
    },
  };
}

async function mark(batches: Batches, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await batches.updateMany({ _id: { $in: [...ids] } }, { $unset: { luckPending: '' } });
}

async function addChunk(batches: Batches, sums: Sums, scope: string, verdicts: readonly Pending[]): Promise<Luck> {
  const before = (await sums.findOne({ _id: scope })) ?? (await firstSum(sums, scope));
  await mark(batches, before.chunk);
  const added = new Set(before.chunk);
  const fresh = verdicts.filter(({ _id }) => !added.has(_id));
  let { shares } = before;
  let sum = BigInt(before.sum);
  for (const { luck } of fresh) {
    shares += BigInt(luck.shares);
    sum += BigInt(luck.sum);
  }
  const change = { shares, sum: sum.toString().padStart(SUM_DIGITS, '0'), chunk: verdicts.map(({ _id }) => _id) };
  if (!(await compareAndSet(sums, scope, before.version, { $set: change })))
    throw new Error(`the luck of ${scope} was added up by another process`);
  return { shares, sum };
}

async function firstSum(sums: Sums, scope: string): Promise<LuckDocument> {
  const first: LuckDocument = { _id: scope, version: 1, shares: 0n, sum: '0'.repeat(SUM_DIGITS), chunk: [] };
  try {
    await sums.insertOne({ ...first });
  } catch (error) {
    if (duplicateIndexOf(error) !== '_id_') throw error;
  }
  return (await sums.findOne({ _id: scope })) ?? first;
}
