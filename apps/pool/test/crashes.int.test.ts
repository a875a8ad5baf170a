import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '@assay/testkit/fake-clock';
import { batchInstance, ORPHAN_MS } from './batch-instance.ts';
import { madeUpShare } from './known-work.ts';
import { type PoolDatabase, poolDatabase } from './pool-database.ts';

// The crash table of 01-pool section 9. A crash is a flow that never comes back from its failpoint.

const WINDOW_MS = 10_000;
let database: PoolDatabase;
let clock: FakeClock;
beforeEach(async () => {
  database = await poolDatabase();
  clock = new FakeClock();
});
afterEach(() => database.drop());

function crashingAt(failpoint: string) {
  let reached: () => void = () => undefined;
  const crashed = new Promise<void>((resolve) => (reached = resolve));
  const pool = batchInstance({
    batches: database.batches,
    clock,
    windowMs: WINDOW_MS,
    instance: 'crashed',
    failpoint(name) {
      if (name !== failpoint) return Promise.resolve();
      reached();
      return new Promise(() => undefined);
    },
  });
  return { pool, crashed };
}

const survivor = (instance = 'survivor') =>
  batchInstance({ batches: database.batches, clock, windowMs: WINDOW_MS, instance });
/** A flush ends in the turn after its answers. */
const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));
const share = (seed: string) => madeUpShare({ seed });

/** Nothing is lost when the time for orphans is over: everything stored is sealed, once, and waits to be published. */
async function recountAfterSweep(shares: number): Promise<void> {
  clock.advance(WINDOW_MS + ORPHAN_MS);
  await survivor().sweep();
  const report = await database.recount();
  expect(report).toMatchObject({ shares, open: 0, violations: [] });
  expect(report.waiting).toBe(report.batches);
}

describe('a crash', () => {
  it('before the write stores nothing, and the share may be submitted elsewhere', async () => {
    const { pool, crashed } = crashingAt('before-store');
    void pool.submit(share('one'));
    await crashed;
    expect((await database.recount()).shares).toBe(0);
    expect(await survivor().submit(share('one'))).toBe('stored');
    await recountAfterSweep(1);
  });

  it('after the write and before the answer credits the share once; a repeat is a duplicate', async () => {
    const { pool, crashed } = crashingAt('after-store');
    void pool.submit(share('one'));
    await crashed;
    expect(await survivor().submit(share('one'))).toBe('duplicate');
    await recountAfterSweep(1);
  });

  it('after the answer leaves an open batch, which the sweeper seals', async () => {
    const { pool } = crashingAt('never');
    expect(await pool.submit(share('one'))).toBe('stored');
    expect(await pool.submit(share('two'))).toBe('stored');
    expect(await survivor().sweep()).toBe(0);
    await recountAfterSweep(2);
  });

  it.each(['before-seal', 'after-seal'])(
    '%s leaves one sealed batch with its event in the outbox',
    async (failpoint) => {
      const { pool, crashed } = crashingAt(failpoint);
      expect(await pool.submit(share('one'))).toBe('stored');
      clock.advance(WINDOW_MS);
      await turn();
      pool.writer.tick();
      await crashed;
      await recountAfterSweep(1);
    },
  );

  it('whose orphans two instances sweep at once leaves each of them sealed once', async () => {
    const { pool } = crashingAt('never');
    const shares = Array.from({ length: 30 }, (_, k) => madeUpShare({ seed: `share ${k}`, k }));
    expect(new Set(await Promise.all(shares.map(pool.submit)))).toEqual(new Set(['stored']));
    clock.advance(WINDOW_MS + ORPHAN_MS);
    await Promise.all(['one', 'other'].map((instance) => survivor(instance).sweep()));
    await recountAfterSweep(30);
  });
});
