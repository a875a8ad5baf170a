import { describe, expect, it } from 'vitest';
import { reversed } from '@assay/shared/kernel/bytes';
import { isSkewed, luckOfShares } from './luck.ts';

const TARGET = new Uint8Array(32).fill(0xff, 1);
const MEAN = 2n ** 31n;

describe('the luck of a key', () => {
  it('is 0 for a hash of 0 and almost 2^32 for a hash that just meets the target', () => {
    expect(luckOfShares([new Uint8Array(32)], TARGET)).toEqual({ shares: 1n, sum: 0n });
    expect(luckOfShares([reversed(TARGET)], TARGET)).toEqual({ shares: 1n, sum: 2n ** 32n - 1n });
  });

  it('is not judged before 1,000 shares', () => {
    expect(isSkewed({ shares: 999n, sum: 0n })).toBe(false);
    expect(isSkewed({ shares: 1_000n, sum: 0n })).toBe(true);
  });

  it('is skewed beyond six standard deviations, either way', () => {
    // sigma = 2^32 · sqrt(n / 12)
    const shares = 12n * 10_000n;
    const limit = (36n * shares * 2n ** 64n) / 12n;
    const root = 2n ** 32n * 600n;
    expect(root * root).toBe(limit);
    expect(isSkewed({ shares, sum: shares * MEAN + root })).toBe(false);
    expect(isSkewed({ shares, sum: shares * MEAN + root + 1n })).toBe(true);
    expect(isSkewed({ shares, sum: shares * MEAN - root - 1n })).toBe(true);
  });
});
