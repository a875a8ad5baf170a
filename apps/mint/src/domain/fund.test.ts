import { unixMs } from '@assay/shared/kernel/clock';
import { amount } from '@assay/shared/kernel/money';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changeFund, emptyFund, type Fund, type FundChange, reservedIn } from './fund.ts';
import { SAT_UNIT } from './unit.ts';

const at = unixMs(1_795_227_413_000);
const reserve = (token: string, value: bigint): FundChange => ({
  do: 'reserve',
  key: `reward:${token}`,
  amount: amount(value),
  token,
  at,
});
const grant = (grantId: string, value: bigint): FundChange => ({ do: 'grant', grantId, amount: amount(value) });
const after = (...changes: FundChange[]) =>
  changes.reduce((fund, change) => changeFund(fund, change).fund, emptyFund(SAT_UNIT));

describe('a fund', () => {
  test('gives no more than was put in, and says so', () => {
    const fund = after(grant('g', 10n), reserve('a', 7n));
    expect(changeFund(fund, reserve('b', 4n)).outcome).toBe('too-low');
    expect(changeFund(fund, reserve('b', 3n)).outcome).toBe('changed');
  });

  test('pays what was reserved, once, and tells it once', () => {
    const paid = changeFund(after(grant('g', 10n), reserve('a', 7n)), { do: 'pay', token: 'a' });
    expect(paid.fund).toMatchObject({ credited: 10n, paid: 7n, pending: [], version: 3 });
    expect(paid.facts).toEqual([
      { unit: 'sat', cause: 'PAYMENT', id: 'reward:a', amount: 7n, credited: 10n, paid: 7n, version: 3 },
    ]);
    expect(changeFund(paid.fund, { do: 'pay', token: 'a' })).toEqual({
      fund: paid.fund,
      outcome: 'unchanged',
      facts: [],
    });
    expect(changeFund(paid.fund, { do: 'release', token: 'a' }).outcome).toBe('unchanged');
  });

  test('takes each grant and each chunk of operations in once', () => {
    const granted = after(grant('g', 10n));
    expect(changeFund(granted, grant('g', 10n)).outcome).toBe('unchanged');
    const credits = [
      { cause: 'REDEEM', id: 'op-1', amount: amount(5n) },
      { cause: 'DEPOSIT', id: 'op-2', amount: amount(6n) },
    ] as const;
    const step = changeFund(granted, { do: 'chunk', number: 7, credits });
    expect(step.fund).toMatchObject({ credited: 21n, chunk: 7, version: 3 });
    expect(step.facts.map(({ cause, credited, version }) => [cause, credited, version])).toEqual([
      ['REDEEM', 15n, 2],
      ['DEPOSIT', 21n, 3],
    ]);
    for (const number of [6, 7]) {
      expect(changeFund(step.fund, { do: 'chunk', number, credits }).outcome).toBe('unchanged');
    }
  });
});

const change = fc.oneof(
  fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.bigInt(1n, 20n)).map(([token, value]) => reserve(token, value)),
  fc.constantFrom('a', 'b', 'c', 'd', 'e').map((token): FundChange => ({ do: 'pay', token })),
  fc.constantFrom('a', 'b', 'c', 'd', 'e').map((token): FundChange => ({ do: 'release', token })),
  fc.tuple(fc.constantFrom('g', 'h'), fc.bigInt(1n, 50n)).map(([id, value]) => grant(id, value)),
  fc.tuple(fc.integer({ min: 1, max: 5 }), fc.bigInt(1n, 9n)).map(([number, value]): FundChange => ({
    do: 'chunk',
    number,
    credits: [{ cause: 'REDEEM', id: `op-${number}`, amount: amount(value) }],
  })),
);

test('whatever happens to a fund, it is never overdrawn, and its facts add up to it', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      let fund: Fund = emptyFund(SAT_UNIT);
      let [credited, paid] = [0n, 0n];
      for (const each of changes) {
        const step = changeFund(fund, each);
        for (const fact of step.facts) {
          if (fact.cause === 'PAYMENT') paid += fact.amount;
          else credited += fact.amount;
        }
        expect(step.fund.paid + reservedIn(step.fund)).toBeLessThanOrEqual(step.fund.credited);
        expect([step.fund.credited, step.fund.paid]).toEqual([credited, paid]);
        expect(step.outcome === 'changed').toBe(step.fund.version > fund.version);
        expect(changeFund(step.fund, each).outcome).not.toBe('changed');
        fund = step.fund;
      }
    }),
  );
});
