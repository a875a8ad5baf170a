import { beforeEach, describe, expect, it } from 'vitest';
import { u32 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { FakeClock } from '@assay/testkit/fake-clock';
import { LOCKING_KEY } from '../../test/known-work.ts';
import { workOf } from '../domain/difficulty.ts';
import type { WorkerRecord } from '../domain/worker.ts';
import type { WorkerPort } from '../ports.ts';
import { createShareCounts } from './count-shares.ts';

const RIG = { lockingKey: LOCKING_KEY, name: 'rig1' };

let clock: FakeClock;
let stored: Map<string, WorkerRecord>;
let slot: number | undefined;
let away: boolean;
let names: number;
let faults: unknown[];

const idOf = (record: Pick<WorkerRecord, 'lockingKey' | 'name' | 'slot'>) =>
  `${record.lockingKey}.${record.name}/${record.slot}`;

function workers(): WorkerPort {
  return {
    async put(records) {
      if (away) throw new Error('away');
      for (const record of records) stored.set(idOf(record), record);
    },
    findOnSlot: async (of, wanted) => wanted.flatMap((worker) => stored.get(idOf({ ...worker, slot: of })) ?? []),
    findAll: async () => [],
    list: async () => [],
    countNames: async () => names,
  };
}

function counts() {
  const reportFault = (_: string, error: unknown) => void faults.push(error);
  return createShareCounts({ workers: workers(), clock, reportFault, slot: () => slot });
}

beforeEach(() => {
  clock = new FakeClock();
  stored = new Map();
  slot = 4;
  away = false;
  names = 0;
  faults = [];
});

const record = (name = 'rig1', of = 4) => stored.get(idOf({ lockingKey: LOCKING_KEY, name, slot: of }));

describe('statistics of a worker', () => {
  it('are written for its slot and go on after a restart', async () => {
    const before = counts();
    await before.join(RIG, 'miner/1');
    before.accepted(RIG, 3, sha256(u32(1)), clock.now());
    before.refused(RIG, 'stale');
    await before.flush();
    const after = counts();
    after.accepted(RIG, 4, sha256(u32(2)), clock.now());
    await after.flush();
    await after.flush();
    expect(record()).toMatchObject({ agent: 'miner/1', k: 4, work: workOf(3) + workOf(4), lastShareAt: clock.now() });
    expect([...(record()?.counts ?? [])].sort()).toEqual([
      ['accepted', 2],
      ['stale', 1],
    ]);
  });

  it('wait while the database is away or no slot is held', async () => {
    const counting = counts();
    counting.accepted(RIG, 3, sha256(u32(1)), clock.now());
    away = true;
    await counting.flush();
    expect([faults.length, record()]).toEqual([1, undefined]);
    away = false;
    slot = undefined;
    await counting.flush();
    expect(stored.size).toBe(0);
    slot = 4;
    await counting.flush();
    expect(record()?.work).toBe(workOf(3));
  });

  it('begin anew on another slot, whose document is its own', async () => {
    const counting = counts();
    counting.accepted(RIG, 3, sha256(u32(1)), clock.now());
    await counting.flush();
    slot = 5;
    counting.accepted(RIG, 3, sha256(u32(2)), clock.now());
    await counting.flush();
    expect([record('rig1', 4)?.work, record('rig1', 5)?.work]).toEqual([workOf(3), workOf(3)]);
  });

  it('are not kept of ever more strangers, and those that are forgotten count anew', async () => {
    const counting = createShareCounts({
      ...{ workers: workers(), clock, reportFault: () => undefined, slot: () => slot },
      maxWorkers: 2,
    });
    for (const name of ['a', 'b', 'c']) await counting.join({ ...RIG, name }, 'miner/1');
    counting.accepted({ ...RIG, name: 'c' }, 3, sha256(u32(1)), clock.now());
    await counting.flush();
    expect([...stored.values()].map(({ name }) => name).sort()).toEqual(['a', 'b']);
    clock.advance(3_600_000);
    await counting.flush();
    counting.accepted({ ...RIG, name: 'c' }, 3, sha256(u32(2)), clock.now());
    await counting.flush();
    expect(record('c')?.work).toBe(workOf(3));
  });

  it('beyond 10,000 names of a key are counted as other', async () => {
    names = 10_000;
    const counting = counts();
    await counting.join(RIG, '');
    counting.accepted(RIG, 3, sha256(u32(1)), clock.now());
    await counting.flush();
    expect([record('rig1'), record('other')?.work]).toEqual([undefined, workOf(3)]);
  });
});
