import { describe, expect, it } from 'vitest';
import { FakeClock } from '@assay/testkit/fake-clock';
import { COUNTERS_PER_RANGE, RANGES_PER_SLOT, type Slot } from '../domain/slot.ts';
import type { SlotPort } from '../ports.ts';
import { SLOT_TTL_MS, SlotHolder } from './hold-slot.ts';

const REST_MS = 86_400_000;

/** Slots in memory, with the guards of the database. */
function memorySlots(): SlotPort {
  const slots = new Map<number, Slot>();
  return {
    find: async (slot) => slots.get(slot),
    list: async () => [...slots.values()],
    async put(slot, expectedVersion) {
      if ((slots.get(slot.slot)?.version ?? 0) !== expectedVersion) return false;
      slots.set(slot.slot, { ...slot, version: expectedVersion + 1 });
      return true;
    },
    async setRange({ slot, owner, token }, range, use) {
      const held = slots.get(slot);
      if (held === undefined || held.owner !== owner || held.token !== token) return false;
      slots.set(slot, { ...held, ranges: new Map([...held.ranges, [range, use]]), version: held.version + 1 });
      return true;
    },
  };
}

function bench() {
  const clock = new FakeClock();
  const slots = memorySlots();
  const holder = (owner: string, wanted?: number, restMs = REST_MS) =>
    new SlotHolder({ slots, clock, owner }, { wanted, restMs });
  return { clock, slots, holder };
}

/** Takes `count` prefixes, letting the timer run as often as it would. */
async function takeMany(holder: SlotHolder, count: number): Promise<number[]> {
  const taken: number[] = [];
  for (let index = 0; index < count; index += 1) {
    if (index % 4_096 === 0) await holder.beat();
    const prefix = holder.take();
    if (prefix !== undefined) taken.push(prefix);
  }
  return taken;
}

describe('the slot of an instance', () => {
  it('is the wanted one, else the lowest free one', async () => {
    const { holder } = bench();
    const [a, b, c] = [holder('a', 7), holder('b', 7), holder('c')];
    for (const each of [a, b, c]) await each.beat();
    expect([a.slot(), b.slot(), c.slot()]).toEqual([7, 0, 1]);
  });

  it('gives prefixes slot · 2^22 + counter, from a range that is taken before', async () => {
    const { holder, slots } = bench();
    const a = holder('a', 1);
    expect(a.take()).toBeUndefined();
    await a.beat();
    expect([a.take(), a.take()]).toEqual([0x00400000, 0x00400001]);
    expect((await slots.find(1))?.ranges.has(0)).toBe(true);
  });

  it('goes to another instance after its lease, and gives it ranges that nobody used', async () => {
    const { clock, holder } = bench();
    const a = holder('a', 0);
    await a.beat();
    const first = a.take();
    clock.advance(SLOT_TTL_MS);
    const b = holder('b', 0);
    await b.beat();
    expect(b.slot()).toBe(0);
    expect(b.take()).toBe(COUNTERS_PER_RANGE);
    expect(first).toBe(0);
    await a.beat();
    expect(a.slot()).not.toBe(0);
    expect(a.take()).not.toBe(1);
  });

  it('goes on with the next range before one is used up, and never repeats a prefix', async () => {
    const { holder } = bench();
    const a = holder('a');
    const taken = await takeMany(a, 2 * COUNTERS_PER_RANGE + 10);
    expect(taken).toHaveLength(2 * COUNTERS_PER_RANGE + 10);
    expect(new Set(taken).size).toBe(taken.length);
  });

  it('takes a range again only after its rest, counted from the last connection that used it', async () => {
    const { clock, slots, holder } = bench();
    const a = holder('a');
    const taken = await takeMany(a, COUNTERS_PER_RANGE + 1);
    for (const prefix of taken) a.release(prefix);
    await a.beat();
    expect((await slots.find(0))?.ranges.get(0)?.releasedAt).toBe(clock.now());
    expect(a.rangesFree()).toBe(RANGES_PER_SLOT - 2);
    clock.advance(REST_MS);
    await a.beat();
    expect(a.rangesFree()).toBe(RANGES_PER_SLOT - 1);
  });

  it('of a crashed instance rests from the end of its lease', async () => {
    const { clock, slots, holder } = bench();
    await holder('a', 0).beat();
    const until = (await slots.find(0))?.until;
    clock.advance(10 * SLOT_TTL_MS);
    const b = holder('b', 0);
    await b.beat();
    expect((await slots.find(0))?.ranges.get(0)?.releasedAt).toBe(until);
  });

  it('is given back at the end, with its ranges', async () => {
    const { clock, slots, holder } = bench();
    const a = holder('a', 0);
    await a.beat();
    a.take();
    await a.leave();
    const slot = await slots.find(0);
    expect(slot?.until).toBe(clock.now());
    expect(slot?.ranges.get(0)?.releasedAt).toBe(clock.now());
    expect(a.take()).toBeUndefined();
  });

  it('is left for another one when all of its ranges rest', async () => {
    const { slots, holder, clock } = bench();
    const ranges = new Map(
      [...Array(RANGES_PER_SLOT).keys()].map((index) => [index, { takenAt: clock.now(), releasedAt: clock.now() }]),
    );
    await slots.put({ slot: 0, owner: 'x', until: clock.now(), token: 1, ranges }, 0);
    const a = holder('a', 0);
    await a.beat();
    expect(a.slot()).toBe(1);
  });
});
