import { expect, test } from 'vitest';
import { GetSupplyResponse } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { imbalancesOf } from './supply-balance.ts';

const balanced = () =>
  GetSupplyResponse.fromPartial({
    keysets: [
      { keysetId: '01a', unit: 'SAT', issuedSum: 150n, spentSum: 50n },
      { keysetId: '01b', unit: 'SAT', issuedSum: 20n, spentSum: 20n },
    ],
    methods: [
      { unit: 'SAT', method: 'bolt11', minted: 110n, melted: 7n },
      { unit: 'SAT', method: 'swap', fees: 2n },
      { unit: 'SAT', method: 'redeem', redeemed: 1n },
    ],
    units: [{ unit: 'SAT', minted: 110n, melted: 7n, redeemed: 1n, fees: 2n, outstanding: 100n }],
    funds: [{ unit: 'SAT', credited: 10n, paid: 6n, pending: 4n }],
  });

test('a supply whose sums agree has no imbalance', () => {
  expect(imbalancesOf(balanced())).toEqual([]);
});

test.each([
  [
    'more outstanding than issued less spent',
    (s: GetSupplyResponse) => void (s.units[0] && (s.units[0].outstanding = 101n)),
    2,
  ],
  ['a fee that nobody paid', (s: GetSupplyResponse) => void (s.units[0] && (s.units[0].fees = 3n)), 1],
  ['a method that minted apart', (s: GetSupplyResponse) => void (s.methods[0] && (s.methods[0].minted = 111n)), 1],
  ['a fund that pays what it has not', (s: GetSupplyResponse) => void (s.funds[0] && (s.funds[0].pending = 5n)), 1],
  [
    'a keyset that spent more than it issued',
    (s: GetSupplyResponse) => void (s.keysets[1] && (s.keysets[1].spentSum = 21n)),
    2,
  ],
])('%s is found', (_what, spoil, broken) => {
  const supply = balanced();
  spoil(supply);
  const found = imbalancesOf(supply);
  expect(found).toHaveLength(broken);
  expect(found.every((imbalance) => imbalance.unit === 'SAT' && imbalance.expected !== imbalance.found)).toBe(true);
});
