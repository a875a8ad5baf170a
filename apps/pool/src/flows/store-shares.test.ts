import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '@assay/testkit/fake-clock';
import { batchInstance, type BatchInstance, type BatchInstanceOptions, ORPHAN_MS } from '../../test/batch-instance.ts';
import { knownTemplate, LOCKING_KEY, madeUpShare, OTHER_KEY } from '../../test/known-work.ts';
import { memoryBatches } from '../../test/memory-batches.ts';
import type { AcceptedShare } from '../domain/share.ts';
import type { BatchPort, BatchWrite, BatchWriteOutcome } from '../ports.ts';

type Fault = 'unknown-before' | 'unknown-after' | 'throws' | 'hangs';

let clock: FakeClock;
let memory: ReturnType<typeof memoryBatches>;
let groups: (readonly BatchWrite[])[];
let faults: Fault[];
let gate: Promise<void> | undefined;

/** The memory port as `BatchPort`, whose writes can be counted, held back, and made to fail. */
function port(): BatchPort {
  const write = async (writes: readonly BatchWrite[]): Promise<readonly BatchWriteOutcome[]> => {
    groups.push(writes);
    await gate;
    const fault = faults.shift();
    if (fault === 'throws') throw new Error('made to fail');
    if (fault === 'hangs') return new Promise<never>(() => undefined);
    if (fault === 'unknown-before') return writes.map(() => 'unknown');
    const outcomes = await memory.write(writes);
    return fault === 'unknown-after' ? writes.map(() => 'unknown') : outcomes;
  };
  const unused = () => Promise.reject(new Error('not part of these flows'));
  const lists = { countOfTemplate: unused, releaseHashes: unused, removeOld: unused, list: unused, totals: unused };
  return { ...memory, ...lists, write };
}

function instance(options: Partial<BatchInstanceOptions> = {}): BatchInstance {
  return batchInstance({ batches: port(), clock, ...options });
}

function shares(count: number, changed: Partial<Parameters<typeof madeUpShare>[0]> = {}): AcceptedShare[] {
  return Array.from({ length: count }, (_, index) => madeUpShare({ seed: `share ${index}`, ...changed }));
}

const share = (seed: string) => madeUpShare({ seed });
const submitAll = (to: BatchInstance, all: readonly AcceptedShare[]) => Promise.all(all.map(to.submit));
const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

beforeEach(() => {
  clock = new FakeClock();
  memory = memoryBatches();
  groups = [];
  faults = [];
  gate = undefined;
});

describe('shares', () => {
  it('a lone share waits for one write', async () => {
    const pool = instance();
    expect(await pool.submit(share('one'))).toBe('stored');
    expect(groups.length).toBe(1);
    expect(memory.all()).toMatchObject([{ state: 'open', lockingKey: LOCKING_KEY, owner: 'a', version: 1 }]);
  });

  it('what arrives while a flush is under way goes together in the next', async () => {
    const pool = instance();
    let open = () => undefined as void;
    gate = new Promise((resolve) => (open = resolve));
    const first = pool.submit(share('first'));
    await turn();
    const rest = submitAll(pool, shares(20));
    await turn();
    expect([groups.length, pool.writer.pending()]).toEqual([1, 21]);
    open();
    expect(new Set([await first, ...(await rest)])).toEqual(new Set(['stored']));
    expect(groups.map((group) => group.length)).toEqual([1, 1]);
    expect(memory.all()[0]?.shares.length).toBe(21);
  });

  it('while one group is under way the writes of a few batches wait for it, and those of many go beside it', async () => {
    const pool = instance();
    let open = () => undefined as void;
    gate = new Promise((resolve) => (open = resolve));
    const answers = [pool.submit(share('first'))];
    const groupsAfter = async (count: number) => {
      for (let k = 0; k < count; k += 1) answers.push(pool.submit(madeUpShare({ seed: `${answers.length}`, k })));
      await turn();
      return groups.length;
    };
    expect([await groupsAfter(0), await groupsAfter(7), await groupsAfter(8)]).toEqual([1, 1, 2]);
    open();
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['stored']));
  });

  it('batches of different keys, targets and templates are apart, and written together', async () => {
    const pool = instance();
    await submitAll(pool, [
      share('one'),
      madeUpShare({ seed: 'two', lockingKey: OTHER_KEY }),
      madeUpShare({ seed: 'three', k: 0 }),
    ]);
    expect(groups.map((group) => group.length)).toEqual([3]);
    expect(memory.all().length).toBe(3);
  });

  it('256 shares fill a batch, which is sealed at once, and the next opens', async () => {
    const pool = instance();
    await submitAll(pool, shares(600));
    await pool.submit(share('another'));
    await turn();
    const found = memory.all().map((batch) => [batch.state, batch.shares.length]);
    expect(found).toEqual([
      ['sealed', 256],
      ['sealed', 256],
      ['open', 89],
    ]);
  });

  it('a share that another batch holds is a duplicate, and the others are written again', async () => {
    const [pool, other] = [instance(), instance({ instance: 'b' })];
    await submitAll(other, shares(3));
    const both = [share('new'), ...shares(5)];
    expect(await submitAll(pool, both)).toEqual(['stored', 'duplicate', 'duplicate', 'duplicate', 'stored', 'stored']);
    expect(await submitAll(pool, shares(5).slice(3))).toEqual(['duplicate', 'duplicate']);
    expect(memory.all().flatMap((batch) => batch.shares).length).toBe(6);
  });

  it('one share given to two writers at once is stored by one of them (example A9)', async () => {
    const outcomes = await Promise.all(
      [instance(), instance({ instance: 'b' })].map((pool) => pool.submit(share('same'))),
    );
    expect(outcomes.sort()).toEqual(['duplicate', 'stored']);
    expect(memory.all().length).toBe(1);
  });
});

describe('an unknown outcome', () => {
  it.each<Fault>(['unknown-before', 'unknown-after', 'throws'])(
    'of an opening (%s) ends stored, once',
    async (fault) => {
      faults = [fault];
      expect(await instance().submit(share('one'))).toBe('stored');
      expect(memory.all().map((batch) => batch.shares.length)).toEqual([1]);
    },
  );

  it.each<Fault>(['unknown-before', 'unknown-after', 'throws'])('of a push (%s) ends stored, once', async (fault) => {
    const pool = instance();
    await pool.submit(share('one'));
    faults = [fault];
    expect(await submitAll(pool, shares(3))).toEqual(['stored', 'stored', 'stored']);
    expect(await pool.submit(share('last'))).toBe('stored');
    expect(memory.all().map((batch) => batch.shares.length)).toEqual([5]);
    expect(pool.writer.failingSince()).toBeUndefined();
  });

  it.each<Fault>(['unknown-before', 'unknown-after', 'throws'])('at window 0 (%s) ends sealed, once', async (fault) => {
    faults = [fault];
    expect(await instance({ windowMs: 0 }).submit(share('one'))).toBe('stored');
    expect(memory.all()).toMatchObject([{ state: 'sealed', seal: { keySeq: 1n } }]);
  });

  it('is answered not-stored after the timeout, and tells since when it fails', async () => {
    const pool = instance();
    faults = Array.from({ length: 1_000 }, () => 'unknown-before');
    const since = clock.now();
    const answer = pool.submit(share('one'));
    await turn();
    clock.advance(4_999);
    pool.writer.tick();
    expect([pool.writer.pending(), pool.writer.failingSince()]).toEqual([1, since]);
    clock.advance(1);
    pool.writer.tick();
    expect(await answer).toBe('not-stored');
    faults = [];
    await turn();
    await turn();
    expect(await pool.submit(share('one'))).toBe('stored');
  });

  it('fails since its write began, however long that hangs', async () => {
    const pool = instance();
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    faults = Array.from({ length: 1_000 }, () => 'unknown-before');
    const since = clock.now();
    const answer = pool.submit(share('one'));
    await turn();
    clock.advance(30_000);
    resolve();
    await turn();
    expect(pool.writer.failingSince()).toBe(since);
    faults = [];
    expect(await answer).toBe('stored');
  });

  it('fails no longer once another write went through, though no share comes that could find that out', async () => {
    const pool = instance();
    faults = Array.from({ length: 2_000 }, () => 'unknown-before');
    const answer = pool.submit(share('one'));
    await turn();
    pool.writer.storeAnswered();
    expect(pool.writer.failingSince()).toBe(clock.now());
    clock.advance(5_000);
    pool.writer.tick();
    expect(await answer).toBe('not-stored');
    expect(pool.writer.failingSince()).toBeDefined();
    pool.writer.storeAnswered();
    expect(pool.writer.failingSince()).toBeUndefined();
  });

  it('keeps shares that were never written out of the store once they are answered', async () => {
    const pool = instance();
    faults = ['hangs'];
    const first = pool.submit(share('one'));
    await turn();
    const second = pool.submit(share('two'));
    clock.advance(5_000);
    pool.writer.tick();
    expect([await first, await second]).toEqual(['not-stored', 'not-stored']);
    expect(memory.all()).toEqual([]);
  });

  it('that was a write after all is credited, and its repeat is a duplicate', async () => {
    const pool = instance();
    faults = ['unknown-after', ...Array.from({ length: 1_000 }, (): Fault => 'unknown-before')];
    const answer = pool.submit(share('one'));
    await turn();
    clock.advance(5_000);
    pool.writer.tick();
    expect(await answer).toBe('not-stored');
    faults = [];
    await turn();
    await turn();
    expect(await pool.submit(share('one'))).toBe('duplicate');
    clock.advance(10_000 + ORPHAN_MS);
    await instance({ instance: 'b' }).sweep();
    expect(memory.all()).toMatchObject([{ state: 'sealed', owner: 'b' }]);
  });
});

describe('a batch is sealed', () => {
  it('when its window is over', async () => {
    const pool = instance();
    await pool.submit(share('one'));
    clock.advance(9_999);
    pool.writer.tick();
    await turn();
    expect(memory.all()[0]?.state).toBe('open');
    clock.advance(1);
    expect(await pool.submit(share('two'))).toBe('stored');
    await turn();
    expect(memory.all().map((batch) => batch.state)).toEqual(['sealed', 'open']);
  });

  it('when its template has ended', async () => {
    const ended = new Set<string>();
    const pool = instance({ isEnded: (templateId) => ended.has(templateId) });
    await pool.submit(share('one'));
    ended.add(knownTemplate().id);
    await turn();
    pool.writer.tick();
    await turn();
    expect(memory.all()[0]?.state).toBe('sealed');
  });

  it('at the drain', async () => {
    const pool = instance();
    const answers = submitAll(pool, shares(300));
    await turn();
    await pool.writer.drain();
    expect(new Set(await answers)).toEqual(new Set(['stored']));
    expect(memory.all().map((batch) => batch.state)).toEqual(['sealed', 'sealed']);
  });

  it('by the sweeper, when its instance did not, and its instance opens another', async () => {
    const [pool, other] = [instance(), instance({ instance: 'b' })];
    await pool.submit(share('one'));
    clock.advance(10_000 + ORPHAN_MS - 1);
    expect(await other.sweep()).toBe(0);
    clock.advance(1);
    expect(await other.sweep()).toBe(1);
    expect(await pool.submit(share('two'))).toBe('stored');
    expect(memory.all().map((batch) => [batch.state, batch.owner])).toEqual([
      ['sealed', 'b'],
      ['open', 'a'],
    ]);
  });

  it('with window 0 for each share, in the order of the key', async () => {
    const pool = instance({ windowMs: 0, creditShift: 24 });
    expect(new Set(await submitAll(pool, shares(5)))).toEqual(new Set(['stored']));
    const seals = memory.all().map((batch) => (batch.state === 'open' ? undefined : batch.seal));
    expect(seals.map((seal) => seal?.keySeq)).toEqual([1n, 2n, 3n, 4n, 5n]);
    expect(seals.map((seal) => seal?.carryIn)).toEqual([0n, ...seals.slice(0, 4).map((seal) => seal?.carryOut)]);
  });
});
