import { describe, expect, test } from 'vitest';
import { BOUNDS, brokenBounds, type Round, type Seen } from './hostile-bounds.ts';

const round = (number: number, rssMib: number, seen: Partial<Seen> = {}): Round => ({
  seen: [{ kind: 'fuzz', round: number, failed: 0, p99Ms: 20, controlP99Ms: 20, ...seen }],
  rssMib,
});

describe('the verdict of a hostile load', () => {
  test('names nothing when every bound is just kept', () => {
    const slowest = { p99Ms: 20 * BOUNDS.p99OfControlMax };
    expect(brokenBounds([round(1, 200, slowest), round(2, 200 + BOUNDS.growthMibMax)])).toEqual([]);
  });

  test('names an honest swap that failed, in whichever round', () => {
    expect(brokenBounds([round(1, 200, { failed: 1 }), round(2, 200)])).toEqual([
      'fuzz, round 1: 1 honest swaps failed, at most 0 may',
    ]);
  });

  test('names a kind beside which honest swaps were slower than busy cores make them', () => {
    const slow = { p99Ms: 20 * BOUNDS.p99OfControlMax + 1 };
    expect(brokenBounds([round(1, 200), round(2, 200, slow)])).toEqual([expect.stringContaining('fuzz, round 2')]);
    expect(brokenBounds([round(1, 200, { p99Ms: Number.NaN })])).toHaveLength(1);
  });

  test('names memory that a later round adds, and not that of the first', () => {
    expect(brokenBounds([round(1, 900)])).toEqual([]);
    const grown = [round(1, 200), round(2, 500), round(3, 500 + BOUNDS.growthMibMax + 1)];
    expect(brokenBounds(grown)).toEqual([expect.stringContaining('memory')]);
  });
});
