import { describe, expect, it } from 'vitest';
import { unixMs } from '@assay/shared/kernel/clock';
import { afterShare, afterTime, startWindow, type VardiffStep } from './vardiff.ts';

// 01-pool A4 and the rules V1–V3 of section 6.
const RATE = 6;
const K = 10;
const START = unixMs(1_795_227_000_000);
const WIDE = { min: -32, max: 44 };

/** `shares` accepted shares evenly until `ms`, the last one at `ms`. */
function afterShares(shares: number, ms: number, bounds = WIDE): VardiffStep {
  let step: VardiffStep = { window: startWindow(K, START) };
  for (let index = 1; index <= shares; index += 1) {
    step = afterShare(step.window, RATE, bounds, unixMs(START + Math.floor((ms * index) / shares)));
  }
  return step;
}

describe('vardiff', () => {
  it.each([
    [16, 1_000, 7, 'up'],
    [16, 79_000, 1, 'up'],
    [16, 81_000, 0, undefined],
  ])('%i shares in %i ms change k by %i', (shares, ms, by, rule) => {
    const step = afterShares(shares, ms);
    expect([step.window.k - K, step.changedBy]).toEqual([by, rule]);
  });

  it.each([
    [12, -1, 'down'],
    [13, 0, undefined],
    [3, -3, 'down'],
    [1, -4, 'down'],
  ])('%i shares in 240,000 ms change k by %i and begin a new window', (shares, by, rule) => {
    const now = unixMs(START + 240_000);
    const step = afterTime({ k: K, shares, beganAt: START }, RATE, WIDE, now);
    expect(step.window).toEqual(startWindow(K + by, now));
    expect(step.changedBy).toBe(rule);
  });

  it('a minute of silence takes two steps down', () => {
    const silent = startWindow(K, START);
    expect(afterTime(silent, RATE, WIDE, unixMs(START + 59_999))).toEqual({ window: silent });
    const now = unixMs(START + 60_000);
    expect(afterTime(silent, RATE, WIDE, now)).toEqual({ window: startWindow(K - 2, now), changedBy: 'silence' });
  });

  it('256 shares at the wanted rate begin a new window', () => {
    const now = unixMs(START + 239_000);
    expect(afterShare({ k: K, shares: 255, beganAt: START }, 120, WIDE, now)).toEqual({ window: startWindow(K, now) });
  });

  it('a change is clamped to the bounds, and at a bound nothing changes but the window', () => {
    expect(afterShares(16, 1_000, { min: 0, max: K + 3 }).window.k).toBe(K + 3);
    const atBound = afterShares(16, 1_000, { min: 0, max: K });
    expect(atBound).toEqual({ window: startWindow(K, unixMs(START + 1_000)) });
  });
});
