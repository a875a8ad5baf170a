import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '@assay/shared/runtime/clock';
import type { Failpoint } from '../src/ports.ts';
import { batchInstance } from './batch-instance.ts';
import { madeUpShare } from './known-work.ts';
import { type PoolDatabase, poolDatabase } from './pool-database.ts';

// 01-pool example A9.
const LONG_MS = 240_000;

let database: PoolDatabase;
beforeEach(async () => {
  database = await poolDatabase();
});
afterEach(() => database.drop());

function instance(name: string, failpoint?: Failpoint) {
  const { batches } = database;
  return batchInstance({ batches, clock: systemClock, instance: name, windowMs: 0, ...(failpoint && { failpoint }) });
}

it('one share given to both writers at once is stored by one of them, also inside a group', async () => {
  const [a, b] = [instance('a'), instance('b')];
  const shares = Array.from({ length: 40 }, (_, index) => madeUpShare({ seed: `share ${index}` }));
  const open = { batches: database.batches, clock: systemClock };
  const [c, d] = [batchInstance({ ...open, instance: 'c' }), batchInstance({ ...open, instance: 'd' })];
  const given = await Promise.all(
    shares.map((share, index) => Promise.all((index % 2 === 0 ? [a, b] : [c, d]).map((to) => to.submit(share)))),
  );
  for (const outcomes of given) expect(outcomes.sort()).toEqual(['duplicate', 'stored']);
  await Promise.all([a, b, c, d].map(({ writer }) => writer.drain()));
  expect(await database.recount()).toMatchObject({ shares: shares.length, open: 0, violations: [] });
});

it(
  'two instances that seal 1,000 batches of one key each leave key_seq 1 to 2,000 with carries that chain',
  async () => {
    const [a, b] = [instance('a'), instance('b')];
    const seal = async (to: typeof a, name: string) => {
      const shares = Array.from({ length: 1_000 }, (_, index) => madeUpShare({ seed: `${name} ${index}` }));
      for (let at = 0; at < shares.length; at += 20) {
        const outcomes = await Promise.all(shares.slice(at, at + 20).map(to.submit));
        expect(new Set(outcomes)).toEqual(new Set(['stored']));
      }
    };
    await Promise.all([seal(a, 'a'), seal(b, 'b')]);
    const [{ key_seq: highest } = { key_seq: 0n }] = await database.db
      .collection('batches')
      .aggregate<{ key_seq: bigint }>([{ $group: { _id: null, key_seq: { $max: '$keySeq' } } }])
      .toArray();
    expect(highest).toBe(2_000n);
    expect(await database.recount()).toMatchObject({ batches: 2_000, keys: 1, shares: 2_000, violations: [] });
  },
  LONG_MS,
);
