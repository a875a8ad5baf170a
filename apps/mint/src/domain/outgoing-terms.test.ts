import { amount } from '@assay/shared/kernel/money';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { feeReserveOf, payableAmount } from './outgoing-terms.ts';

const none = { partMsat: undefined, amountlessMsat: undefined };
const amounts = fc.bigInt({ min: 1n, max: 2n ** 60n });

describe('what paying a request takes', () => {
  test.each([
    ['the whole of it', 1_000n, none, 1n],
    ['a part of a sat as one', 1_001n, none, 2n],
    ['a part', 10_000n, { ...none, partMsat: 4_001n }, 5n],
    ['all of it as a part', 10_000n, { ...none, partMsat: 10_000n }, 10n],
    ['what the wallet says, without amount', undefined, { ...none, amountlessMsat: 1n }, 1n],
    ['a part of what the wallet says', undefined, { partMsat: 1_000n, amountlessMsat: 3_000n }, 1n],
    ['its amount, when the wallet says the same', 1_000n, { ...none, amountlessMsat: 1_000n }, 1n],
  ])('is %s', (_, requested, options, sat) => {
    expect(payableAmount(requested, options)).toEqual({ ok: true, value: sat });
  });

  test.each([
    ['nothing says how much', undefined, none, 'amount-missing'],
    ['only a part is named', undefined, { ...none, partMsat: 1_000n }, 'amount-missing'],
    ['the part is more than the whole', 1_000n, { ...none, partMsat: 1_001n }, 'amount-differs'],
    ['the part is nothing', 1_000n, { ...none, partMsat: 0n }, 'amount-differs'],
    ['the wallet says nothing at all', undefined, { ...none, amountlessMsat: 0n }, 'amount-differs'],
    ['the wallet says another amount than the request', 1_000n, { ...none, amountlessMsat: 999n }, 'amount-differs'],
    ['it is more than anybody has', 2n ** 80n, none, 'amount-differs'],
  ])('is refused when %s', (_, requested, options, code) => {
    expect(payableAmount(requested, options)).toEqual({ ok: false, error: code });
  });

  test('covers the asked msat, by less than a sat', () => {
    fc.assert(
      fc.property(amounts, amounts, (whole, part) => {
        const taken = payableAmount(whole, { ...none, partMsat: part });
        expect(taken.ok).toBe(part <= whole);
        if (taken.ok)
          expect(taken.value * 1_000n - part).toBeOneOf(Array.from({ length: 1_000 }, (__, n) => BigInt(n)));
      }),
      { numRuns: 100 },
    );
  });
});

test.each([
  [1n, 1n],
  [50n, 1n],
  [51n, 2n],
  [100n, 2n],
  [101n, 3n],
  [1_000_000n, 20_000n],
])('of %s sat the fee reserve is %s', (paid, reserve) => {
  expect(feeReserveOf(amount(paid))).toBe(reserve);
});
