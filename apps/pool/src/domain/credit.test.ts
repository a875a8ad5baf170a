import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readVector } from '../../test/known-work.ts';
import { creditFits, creditShares } from './credit.ts';
import { K_HIGHEST, K_LOWEST, workOf } from './difficulty.ts';

const { credits } = readVector<{
  credits: { k: number; creditShift: number; shares: number; credit: string; carryOut: string }[];
}>('pool-work-and-credit');

describe('credit', () => {
  it.each(credits)('$shares shares of k $k at shift $creditShift are $credit ehash', (row) => {
    const found = creditShares(0n, workOf(row.k), row.shares, row.creditShift);
    expect([found.creditSum, found.carryOut]).toEqual([BigInt(row.credit), BigInt(row.carryOut)]);
  });

  it('over a life of a key is floor(Σ work / 2^shift), however the shares are split into batches', () => {
    const batch = fc.record({
      k: fc.integer({ min: K_LOWEST, max: K_HIGHEST }),
      shares: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(
      fc.property(fc.array(batch, { minLength: 1, maxLength: 30 }), fc.integer({ min: 32, max: 52 }), (life, shift) => {
        let carry = 0n;
        let credit = 0n;
        let work = 0n;
        for (const { k, shares } of life) {
          const found = creditShares(carry, workOf(k), shares, shift);
          expect(found.credits.reduce((sum, each) => sum + each, 0n)).toBe(found.creditSum);
          carry = found.carryOut;
          credit += found.creditSum;
          work += workOf(k) * BigInt(shares);
        }
        expect(credit).toBe(work >> BigInt(shift));
        expect(carry).toBe(work & ((1n << BigInt(shift)) - 1n));
      }),
    );
  });

  it('of 256 shares of k 44 stays within 2^53 − 1 at shift 32, and of k 45 would not', () => {
    expect(creditShares(2n ** 32n - 1n, workOf(44), 256, 32).creditSum <= 2n ** 53n - 1n).toBe(true);
    expect([creditFits(44, 32), creditFits(45, 32), creditFits(28, 16), creditFits(29, 16)]).toEqual([
      ...[true, false, true, false],
    ]);
  });
});
