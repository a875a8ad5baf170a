import type { UnixMs } from '@assay/shared/kernel/clock';

/** Slots that instances lease: 0 … 1023 (01-pool section 1). */
export const SLOTS = 1024;
export const RANGES_PER_SLOT = 64;
export const COUNTERS_PER_RANGE = 65_536;

/** Use of one range of 65,536 counters; a range that was never taken has none. */
export interface RangeUse {
  readonly takenAt: UnixMs;
  /** When the last connection that used it closed; missing while it is in use, or after a crash. */
  readonly releasedAt?: UnixMs;
}

export interface Slot {
  readonly slot: number;
  readonly owner: string;
  readonly until: UnixMs;
  /** Grows with each new owner. */
  readonly token: number;
  /** By index of the range, 0 … 63. */
  readonly ranges: ReadonlyMap<number, RangeUse>;
  readonly version: number;
}
