import { describe, expect, it } from 'vitest';
import { unixMs } from '@assay/shared/kernel/clock';
import { type VardiffStep, freshWindow, vardiffAfterShare, vardiffByTime } from './vardiff.ts';

const RATE = 6;
const START = unixMs(1_000_000);

/** `shares` accepted shares evenly until `ms`, the last one at `ms`. */
function afterShares(shares: number, ms: number): VardiffStep {
  let step: VardiffStep = { window: freshWindow(START) };
  for (let index = 1; index <= shares; index += 1) {
    step = vardiffAfterShare(step.window, unixMs(START + Math.floor((ms * index) / shares)), RATE);
  }
  return step;
}

describe('vardiff', () => {
  it.each([
    [16, 1_000, 7],
    [16, 79_000, 1],
    [16, 81_000, undefined],
  ])('%i shares in %i ms change k by %s', (shares, ms, by) => {
    expect(afterShares(shares, ms).change?.by).toBe(by);
  });

  it.each([
    [12, -1],
    [13, undefined],
    [3, -3],
    [1, -4],
  ])('%i shares in 240 s change k by %s and begin a new window', (shares, by) => {
    const now = unixMs(START + 240_000);
    const step = vardiffByTime({ shares, since: START }, now, RATE);
    expect(step.change?.by).toBe(by);
    expect(step.window).toEqual(freshWindow(now));
  });

  it('a minute of silence takes two steps down', () => {
    expect(vardiffByTime(freshWindow(START), unixMs(START + 59_999), RATE).change).toBeUndefined();
    expect(vardiffByTime(freshWindow(START), unixMs(START + 60_000), RATE).change).toEqual({ by: -2, rule: 'silence' });
  });

  it('256 shares at the wanted rate begin a new window', () => {
    const now = unixMs(START + 239_000);
    const step = vardiffAfterShare({ shares: 255, since: unixMs(now - 239_000) }, now, 120);
    expect(step).toEqual({ window: freshWindow(now) });
  });
});
