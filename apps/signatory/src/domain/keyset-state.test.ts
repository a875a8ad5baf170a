import { unixMs } from '@assay/shared/kernel/clock';
import { describe, expect, test } from 'vitest';
import { mayIssue } from './keyset-state.ts';

const EXPIRY_S = 2_000n;
const RETIRED_MS = unixMs(1_000_000);
const GRACE_MS = 60_000;

describe('a keyset may sign, or not', () => {
  test.each([
    ['active', undefined, undefined, 5_000_000, true],
    ['active until the last millisecond', undefined, EXPIRY_S, 1_999_999, true],
    ['expired at its expiry', undefined, EXPIRY_S, 2_000_000, false],
    ['inactive within the grace', RETIRED_MS, EXPIRY_S, 1_059_999, true],
    ['inactive at the end of the grace', RETIRED_MS, EXPIRY_S, 1_060_000, false],
    ['inactive without expiry', RETIRED_MS, undefined, 9_000_000, false],
    ['expired within the grace', RETIRED_MS, 1_010n, 1_010_000, false],
  ] as const)('%s', (_, retiredAt, finalExpiry, nowMs, signs) => {
    const life = { retiredAt, finalExpiry };
    expect(mayIssue(life, unixMs(nowMs), GRACE_MS)).toBe(signs);
  });

  test('a grace of zero refuses every retired keyset', () => {
    expect(mayIssue({ retiredAt: RETIRED_MS, finalExpiry: undefined }, RETIRED_MS, 0)).toBe(false);
  });
});
