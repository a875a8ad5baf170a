import { later, unixMs } from '@assay/shared/kernel/clock';
import { describe, expect, test } from 'vitest';
import { parseUnit } from './keyset.ts';
import {
  decideRotation,
  denominations,
  retiredAt,
  type RotationTerms,
  type StoredKeyset,
  type UnitRecord,
} from './unit.ts';

const NOW = unixMs(1_795_227_000_000);
const NOW_S = BigInt(NOW) / 1000n;
const IN_90_DAYS = NOW_S + 90n * 86_400n;

const stored: StoredKeyset = {
  index: 0,
  id: `01${'0'.repeat(64)}`,
  amounts: [1n, 2n, 4n],
  inputFeePpk: 0n,
  finalExpiry: IN_90_DAYS,
  requestId: 'first',
  createdAt: NOW,
};

function record(name: string): UnitRecord {
  const unit = parseUnit(name);
  if (!unit.ok) throw new Error(`not a unit: ${name}`);
  return { unit: unit.value, keysets: [stored], activeIndex: 0, version: 1 };
}

function ask(terms: Partial<RotationTerms> = {}, name = 'hash') {
  const asked = { amounts: [1n, 2n], inputFeePpk: 0n, finalExpiry: IN_90_DAYS, requestId: 'second', ...terms };
  return decideRotation(record(name), asked, NOW);
}

const refused = (detail: string) => ({ ok: false, error: { code: 'could-not-rotate', detail } });

describe('a rotation', () => {
  test('makes the next keyset, amounts ascending, later than the last one even when the clock stands', () => {
    expect(ask({ amounts: [8n, 1n, 4n] })).toEqual({
      ok: true,
      value: {
        do: 'rotate',
        terms: { index: 1, amounts: [1n, 4n, 8n], inputFeePpk: 0n, finalExpiry: IN_90_DAYS },
        createdAt: later(NOW, 1),
      },
    });
  });

  test('without amounts takes those of the active keyset', () => {
    expect(ask({ amounts: [] })).toMatchObject({ value: { terms: { amounts: stored.amounts } } });
  });

  test('repeated with the same request id and content gives the keyset of the first time', () => {
    const again = { amounts: [4n, 2n, 1n], requestId: 'first' };
    expect(ask(again)).toEqual({ ok: true, value: { do: 'nothing', keyset: stored } });
    expect(ask({ amounts: [], requestId: 'first' })).toEqual({ ok: true, value: { do: 'nothing', keyset: stored } });
  });

  test.each([
    ['amounts', { amounts: [1n] }],
    ['fee', { amounts: stored.amounts, inputFeePpk: 1n }],
    ['final expiry', { amounts: stored.amounts, finalExpiry: IN_90_DAYS + 1n }],
  ])('with a request id that was used with another %s is refused', (_, terms) => {
    expect(ask({ ...terms, requestId: 'first' })).toEqual(refused('this request id was used with other content'));
  });

  test('without a request id is never taken for a repeat', () => {
    expect(ask({ amounts: stored.amounts, requestId: undefined })).toMatchObject({ value: { do: 'rotate' } });
  });

  test('with amounts that are no powers of two up to 2^52 is refused', () => {
    for (const amounts of [[0n], [3n], [1n, 2n ** 53n], [2n ** 64n - 1n]]) {
      expect(ask({ amounts })).toEqual(refused('amounts are powers of two from 1 to 2^52'));
    }
  });

  test('of sat with amounts beyond 2^31 is refused: no Lightning payment is as large', () => {
    expect(ask({ amounts: [1n, 2n ** 31n] }, 'sat')).toMatchObject({ value: { do: 'rotate' } });
    expect(ask({ amounts: [1n, 2n ** 32n] }, 'sat')).toEqual(refused('amounts are powers of two from 1 to 2^31'));
  });

  test('with an amount twice is refused', () => {
    expect(ask({ amounts: [1n, 2n, 1n] })).toEqual(refused('an amount is given twice'));
  });

  test('with a fee that no JSON integer holds is refused', () => {
    expect(ask({ inputFeePpk: 2n ** 53n })).toEqual(refused('input_fee_ppk is larger than 2^53 − 1'));
  });
});

describe('the final expiry', () => {
  test('of unit hash is needed, at least 90 days ahead', () => {
    expect(ask({ finalExpiry: undefined })).toEqual(refused('a keyset of unit hash needs a final_expiry'));
    expect(ask({ finalExpiry: IN_90_DAYS - 1n })).toEqual(
      refused('final_expiry of unit hash must be at least 90 days ahead'),
    );
    expect(ask({ finalExpiry: IN_90_DAYS })).toMatchObject({ ok: true });
  });

  test('of another unit may be missing or near, but not past', () => {
    expect(ask({ finalExpiry: undefined }, 'sat')).toMatchObject({ ok: true });
    expect(ask({ finalExpiry: NOW_S + 1n }, 'sat')).toMatchObject({ ok: true });
    expect(ask({ finalExpiry: NOW_S }, 'sat')).toEqual(refused('final_expiry is in the past'));
  });

  test('beyond the calendar is refused', () => {
    expect(ask({ finalExpiry: 2n ** 63n }, 'sat')).toEqual(refused('final_expiry is beyond the calendar'));
  });
});

test('a keyset is retired from the moment its successor was made', () => {
  const next = { ...stored, index: 1, createdAt: later(NOW, 5) };
  const rotated = { ...record('hash'), keysets: [stored, next], activeIndex: 1 };
  expect(retiredAt(rotated, 0)).toBe(next.createdAt);
  expect(retiredAt(rotated, 1)).toBeUndefined();
});

test('denominations are the powers of two up to the highest', () => {
  expect(denominations(3)).toEqual([1n, 2n, 4n, 8n]);
  expect(denominations(52).at(-1)).toBe(4_503_599_627_370_496n);
});
