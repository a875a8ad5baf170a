import type { LockingKey } from '@assay/shared/kernel/ids';
import { amount } from '@assay/shared/kernel/money';
import { describe, expect, test } from 'vitest';
import { BOLT11_CHECKS, type Bolt11Subject } from './bolt11-quote.ts';
import { firstRefusal } from './checks.ts';
import { REFUSALS } from './refusals.ts';

const POINT = '02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9' as LockingKey;
const TERMS = { unit: 'sat', amount: amount(28n), pubkey: undefined, description: undefined };
const RULES = { amountMin: amount(2n), amountMax: amount(100n), requiresPubkey: false, ttlMs: 1 };
const GOOD: Bolt11Subject = { terms: TERMS, rules: RULES, level: 'NONE', isMintable: true };

function codeOf(subject: Bolt11Subject): number | undefined {
  const refused = firstRefusal(BOLT11_CHECKS, subject);
  return refused && REFUSALS[refused.code].code;
}

describe('what a wallet may ask to pay for', () => {
  test.each<[string, Partial<Bolt11Subject>]>([
    ['an amount within the bounds', {}],
    ['the smallest', { terms: { ...TERMS, amount: amount(2n) } }],
    ['the largest', { terms: { ...TERMS, amount: amount(100n) } }],
    ['a unit in upper case', { terms: { ...TERMS, unit: 'SAT' } }],
    ['a locked quote', { terms: { ...TERMS, pubkey: POINT }, rules: { ...RULES, requiresPubkey: true } }],
    ['an empty description', { terms: { ...TERMS, description: '' } }],
    ['a description of 639 bytes', { terms: { ...TERMS, description: 'é'.repeat(319) } }],
  ])('%s', (_, change) => {
    expect(codeOf({ ...GOOD, ...change })).toBeUndefined();
  });

  const rows: readonly [row: string, change: Partial<Bolt11Subject>, code: number][] = [
    ['point', { terms: { ...TERMS, pubkey: `02${'ff'.repeat(32)}` as LockingKey } }, 51_000],
    ['description', { terms: { ...TERMS, description: 'é'.repeat(320) } }, 51_000],
    ['paused', { level: 'ISSUANCE' }, 20_003],
    ['unit', { terms: { ...TERMS, unit: 'hash' } }, 11_013],
    ['amount', { terms: { ...TERMS, amount: amount(101n) } }, 11_006],
    ['pubkey', { rules: { ...RULES, requiresPubkey: true } }, 20_009],
  ];

  test.each(rows)('not what fails the row %s', (_, change, code) => {
    expect(codeOf({ ...GOOD, ...change })).toBe(code);
  });

  test('not an amount below the bounds, nor while no keyset can sign it', () => {
    expect(codeOf({ ...GOOD, terms: { ...TERMS, amount: amount(1n) } })).toBe(11_006);
    expect(codeOf({ ...GOOD, terms: { ...TERMS, amount: amount(0n) } })).toBe(11_006);
    expect(codeOf({ ...GOOD, isMintable: false })).toBe(11_013);
  });

  test('the first row that refuses answers, and every row is shown here', () => {
    expect(rows.map(([row]) => row)).toEqual(BOLT11_CHECKS.map(({ row }) => row));
    for (const [at, [, change, code]] of rows.entries()) {
      const later = rows.slice(at + 1).reduce((all, [, next]) => merged(all, next), {} as Partial<Bolt11Subject>);
      expect(codeOf({ ...GOOD, ...merged(later, change) })).toBe(code);
    }
  });
});

function merged(into: Partial<Bolt11Subject>, change: Partial<Bolt11Subject>): Partial<Bolt11Subject> {
  const terms = { ...TERMS, ...into.terms, ...differing(TERMS, change.terms) };
  return { ...into, ...change, terms, rules: { ...RULES, ...into.rules, ...differing(RULES, change.rules) } };
}

function differing<T extends object>(base: T, changed: T | undefined): Partial<T> {
  const entries = Object.entries(changed ?? {}).filter(([key, value]) => value !== base[key as keyof T]);
  return Object.fromEntries(entries) as Partial<T>;
}
