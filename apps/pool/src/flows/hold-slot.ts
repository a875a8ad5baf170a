import type { Clock, UnixMs } from '@assay/shared/kernel/clock';
import { later, unixMs } from '@assay/shared/kernel/clock';
import { COUNTERS_PER_RANGE, RANGES_PER_SLOT, type RangeUse, type Slot, SLOTS } from '../domain/slot.ts';
import type { SlotPort } from '../ports.ts';

export const SLOT_TTL_MS = 15_000;
/** Counters left in a range when the next one is taken. */
const LOW_WATER = 8_192;
/** A prefix is the number of its range among those of all slots, then a counter of 16 bits. */
const COUNTER_BITS = 16;

export interface HoldSlotPorts {
  readonly slots: SlotPort;
  readonly clock: Clock;
  /** This process. */
  readonly owner: string;
}

export interface HoldSlotOptions {
  /** Tried first, such as the ordinal of a StatefulSet. */
  readonly wanted: number | undefined;
  readonly restMs: number;
}

interface Held {
  slot: Slot;
  /** Lost by the clock or to another owner: takes no new range. */
  lost: boolean;
}

interface Range {
  readonly held: Held;
  readonly index: number;
  readonly takenAt: UnixMs;
  next: number;
  /** Prefixes of connections that are open or may still be resumed. */
  open: number;
  released: boolean;
}

/**
 * The slot of this instance and the extranonce prefixes of its ranges (01-pool section 1). Ranges are taken by
 * compare-and-set before their first prefix is used; `take` itself is at once.
 */
export class SlotHolder {
  readonly #ports: HoldSlotPorts;
  readonly #options: HoldSlotOptions;
  /** By number; those of slots that were lost or left stay while connections use them. */
  readonly #ranges = new Map<number, Range>();
  #held: Held | undefined;
  #current: Range | undefined;
  #following: Range | undefined;

  constructor(ports: HoldSlotPorts, options: HoldSlotOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  /** The slot that is held now, or undefined. */
  slot(): number | undefined {
    const held = this.#held;
    return held === undefined || held.lost || this.#ports.clock.now() >= held.slot.until ? undefined : held.slot.slot;
  }

  /** Ranges of the slot that may be taken now. */
  rangesFree(): number {
    return this.#held === undefined
      ? 0
      : freeRanges(this.#held.slot, this.#ports.clock.now(), this.#options.restMs).length;
  }

  /** An extranonce prefix that nobody used since POOL_PREFIX_REST_MS, or undefined when there is none now. */
  take(): number | undefined {
    if (this.#current === undefined || this.#current.next >= COUNTERS_PER_RANGE) {
      this.#current = this.#following;
      this.#following = undefined;
    }
    const range = this.#current;
    if (range === undefined || range.held.lost) return undefined;
    const prefix = baseOf(range.held.slot.slot, range.index) + range.next;
    range.next += 1;
    range.open += 1;
    return prefix;
  }

  /** The connection with this prefix closed and will not be resumed. */
  release(prefix: number): void {
    const range = this.#ranges.get(prefix >>> COUNTER_BITS);
    if (range !== undefined) range.open -= 1;
  }

  /** One step of the timer: takes or renews the slot, takes the next range in time, gives back what is used up. */
  async beat(): Promise<void> {
    if (this.#held === undefined || this.#held.lost) await this.#acquire();
    else await this.#renew(this.#held);
    await this.#refill();
    for (const range of this.#ranges.values()) if (isUsedUp(range)) await this.#releaseRange(range);
  }

  /** Gives the slot and its ranges back; all connections are closed. */
  async leave(): Promise<void> {
    const held = this.#held;
    if (held === undefined || held.lost) return;
    this.#current = undefined;
    this.#following = undefined;
    for (const range of this.#ranges.values()) if (range.held === held) await this.#releaseRange(range);
    await this.#put(held, this.#ports.clock.now());
    held.lost = true;
  }

  async #acquire(): Promise<void> {
    const now = this.#ports.clock.now();
    const known = new Map((await this.#ports.slots.list()).map((slot) => [slot.slot, slot]));
    for (const number of candidates(this.#options.wanted)) {
      const before = known.get(number);
      if (before !== undefined && (now < before.until || freeRanges(before, now, this.#options.restMs).length === 0))
        continue;
      const slot = taken(number, before, this.#ports.owner, now);
      if (!(await this.#ports.slots.put(slot, before?.version ?? 0))) continue;
      this.#held = { slot: { ...slot, version: (before?.version ?? 0) + 1 }, lost: false };
      this.#current = undefined;
      this.#following = undefined;
      return;
    }
  }

  async #renew(held: Held): Promise<void> {
    if (await this.#put(held, later(this.#ports.clock.now(), SLOT_TTL_MS))) return;
    const found = await this.#ports.slots.find(held.slot.slot);
    const mine = found !== undefined && found.owner === held.slot.owner && found.token === held.slot.token;
    if (mine) held.slot = found;
    else held.lost = true;
  }

  async #put(held: Held, until: UnixMs): Promise<boolean> {
    const { version, ...rest } = held.slot;
    if (!(await this.#ports.slots.put({ ...rest, until }, version))) return false;
    held.slot = { ...rest, until, version: version + 1 };
    return true;
  }

  async #refill(): Promise<void> {
    if (this.slot() === undefined || this.#held === undefined) return;
    const low = this.#current === undefined || this.#current.next > COUNTERS_PER_RANGE - LOW_WATER;
    if (this.#following !== undefined || !low) return;
    const range = await this.#takeRange(this.#held);
    if (range === undefined && this.#current === undefined) {
      // Every range rests: another slot must serve.
      this.#held.lost = true;
    } else if (this.#current === undefined) this.#current = range;
    else this.#following = range;
  }

  async #takeRange(held: Held): Promise<Range | undefined> {
    const takenAt = this.#ports.clock.now();
    const [index] = freeRanges(held.slot, takenAt, this.#options.restMs);
    if (index === undefined || !(await this.#setRange(held, index, { takenAt }))) return undefined;
    const range: Range = { held, index, takenAt, next: 0, open: 0, released: false };
    this.#ranges.set(baseOf(held.slot.slot, index) >>> COUNTER_BITS, range);
    return range;
  }

  async #releaseRange(range: Range): Promise<void> {
    const { held, index, takenAt } = range;
    range.released = true;
    this.#ranges.delete(baseOf(held.slot.slot, index) >>> COUNTER_BITS);
    if (!held.lost) await this.#setRange(held, index, { takenAt, releasedAt: this.#ports.clock.now() });
  }

  async #setRange(held: Held, index: number, use: RangeUse): Promise<boolean> {
    if (!(await this.#ports.slots.setRange(held.slot, index, use))) return false;
    const found = await this.#ports.slots.find(held.slot.slot);
    if (found !== undefined && found.token === held.slot.token) held.slot = found;
    return true;
  }
}

function isUsedUp(range: Range): boolean {
  return !range.released && range.open === 0 && (range.next >= COUNTERS_PER_RANGE || range.held.lost);
}

function baseOf(slot: number, range: number): number {
  return slot * RANGES_PER_SLOT * COUNTERS_PER_RANGE + range * COUNTERS_PER_RANGE;
}

function* candidates(wanted: number | undefined): Iterable<number> {
  if (wanted !== undefined && wanted < SLOTS) yield wanted;
  for (let slot = 0; slot < SLOTS; slot += 1) if (slot !== wanted) yield slot;
}

/** The slot under a new owner; what a crashed owner left in use counts as released when its lease ended. */
function taken(slot: number, before: Slot | undefined, owner: string, now: UnixMs): Omit<Slot, 'version'> {
  const ranges = [...(before?.ranges ?? [])].map(
    ([index, use]) => [index, { ...use, releasedAt: use.releasedAt ?? before?.until ?? now }] as const,
  );
  const token = (before?.token ?? 0) + 1;
  return { slot, owner, until: later(now, SLOT_TTL_MS), token, ranges: new Map(ranges) };
}

/** Indexes of the ranges that may be taken: never used, or rested long enough. */
export function freeRanges(slot: Slot, now: UnixMs, restMs: number): number[] {
  return [...Array(RANGES_PER_SLOT).keys()].filter((index) => {
    const use = slot.ranges.get(index);
    if (use === undefined) return true;
    // In use, or left so by a crash: then the old lease's end counts, which its successor writes down.
    const releasedAt = use.releasedAt ?? (now >= slot.until ? slot.until : undefined);
    return releasedAt !== undefined && now >= unixMs(releasedAt + restMs);
  });
}
