import { describe, expect, it } from 'vitest';
import { unixMs } from '@assay/shared/kernel/clock';
import { readVector } from '../../test/known-work.ts';
import { afterShare, afterTime, startWindow, type VardiffStep } from './vardiff.ts';

interface Row {
  readonly shares: number;
  readonly ms: number;
  readonly change: number;
}

const VECTOR = readVector<{
  sharesPerMinute: number;
  up: Row[];
  down: Row[];
  silence: { ms: number; change: number };
}>('pool-vardiff');
const RATE = VECTOR.sharesPerMinute;
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
  it.each(VECTOR.up)('$shares shares in $ms ms change k by $change', ({ shares, ms, change }) => {
    const step = afterShares(shares, ms);
    expect([step.window.k - K, step.changedBy]).toEqual([change, change === 0 ? undefined : 'up']);
  });

  it.each([...VECTOR.down, { shares: 1, ms: 240_000, change: -4 }])(
    '$shares shares in $ms ms change k by $change and begin a new window',
    ({ shares, ms, change }) => {
      const now = unixMs(START + ms);
      const step = afterTime({ k: K, shares, beganAt: START }, RATE, WIDE, now);
      expect(step.window).toEqual(startWindow(K + change, now));
      expect(step.changedBy).toBe(change === 0 ? undefined : 'down');
    },
  );

  it('a minute of silence takes two steps down', () => {
    const { ms, change } = VECTOR.silence;
    const silent = startWindow(K, START);
    expect(afterTime(silent, RATE, WIDE, unixMs(START + ms - 1))).toEqual({ window: silent });
    const now = unixMs(START + ms);
    expect(afterTime(silent, RATE, WIDE, now)).toEqual({ window: startWindow(K + change, now), changedBy: 'silence' });
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
