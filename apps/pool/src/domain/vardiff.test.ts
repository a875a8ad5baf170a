import { describe, expect, it } from 'vitest';
import { unixMs } from '@assay/shared/kernel/clock';
import { afterShare, afterTime, startWindow, type VardiffStep } from './vardiff.ts';

const RATE = 6;
const K = 10;
const BOUNDS = { min: -32, max: 44 };
const START = unixMs(1_000_000);

/** `shares` accepted shares evenly until `ms`, the last one at `ms`. */
function evenly(shares: number, ms: number): VardiffStep {
  let step: VardiffStep = { window: startWindow(K, START) };
  for (let index = 1; index <= shares; index += 1) {
    step = afterShare(step.window, RATE, BOUNDS, unixMs(START + Math.floor((ms * index) / shares)));
  }
  return step;
}

describe('vardiff', () => {
  it.each([
    [16, 1_000, 7],
    [16, 79_000, 1],
    [16, 81_000, 0],
  ])('%i shares in %i ms raise k by %i', (shares, ms, by) => {
    expect(evenly(shares, ms).window.k).toBe(K + by);
  });

  it.each([
    [12, -1],
    [13, 0],
    [3, -3],
    [1, -4],
  ])('%i shares in 240 s change k by %i and begin a new window', (shares, by) => {
    const now = unixMs(START + 240_000);
    expect(afterTime({ k: K, shares, beganAt: START }, RATE, BOUNDS, now).window).toEqual(startWindow(K + by, now));
  });

  it('a minute of silence takes two steps down', () => {
    const at = (ms: number) => afterTime(startWindow(K, START), RATE, BOUNDS, unixMs(START + ms));
    expect(at(59_999).changedBy).toBeUndefined();
    expect(at(60_000)).toMatchObject({ window: { k: K - 2 }, changedBy: 'silence' });
  });

  it('256 shares at the wanted rate begin a new window', () => {
    const now = unixMs(START + 239_000);
    const step = afterShare({ k: K, shares: 255, beganAt: START }, 120, BOUNDS, now);
    expect(step).toEqual({ window: startWindow(K, now) });
  });

  it('a step that the bounds take back changes nothing but the window', () => {
    const now = unixMs(START + 1_000);
    const step = afterShare({ k: K, shares: 15, beganAt: START }, RATE, { min: 0, max: K }, now);
    expect(step).toEqual({ window: startWindow(K, now) });
  });
});
