import { type Amount, amount, sumAmounts } from '@assay/shared/kernel/money';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeAmounts } from './change.ts';

const POWERS = Array.from({ length: 32 }, (_, exponent) => amount(2n ** BigInt(exponent)));

function change(overpaid: bigint, blanks: number, denominations: readonly Amount[] = POWERS): readonly bigint[] {
  return changeAmounts(amount(overpaid), blanks, denominations);
}

describe('the change of a melt', () => {
  it('of a reserve of 1,000 of which 100 were paid is 4, 128, 256 and 512', () => {
    expect(change(900n, 10)).toEqual([4n, 128n, 256n, 512n]);
  });

  it('is the largest that fit, ascending, when there are too few blank outputs', () => {
    expect(change(900n, 2)).toEqual([256n, 512n]);
    expect(change(900n, 0)).toEqual([]);
  });

  it('of nothing is nothing', () => {
    expect(change(0n, 10)).toEqual([]);
  });

  it('repeats the largest denomination where the amount is beyond it', () => {
    expect(change(7n, 5, [amount(1n), amount(2n)])).toEqual([1n, 2n, 2n, 2n]);
  });

  it('is never more than what was overpaid, and all of it with as many outputs as it has ones in binary', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 31n), fc.integer({ min: 0, max: 40 }), (overpaid, blanks) => {
        const amounts = change(overpaid, blanks);
        const ones = [...overpaid.toString(2)].filter((bit) => bit === '1').length;
        expect(amounts.length).toBeLessThanOrEqual(blanks);
        expect(sumAmounts(amounts)).toBeLessThanOrEqual(overpaid);
        expect([...amounts]).toEqual([...amounts].sort((a, b) => (a < b ? -1 : 1)));
        if (blanks >= ones) expect(sumAmounts(amounts)).toBe(overpaid);
      }),
    );
  });
});
