import { describe, expect, test } from 'vitest';
import { amount, amounts, count, durationMs, futureSeconds, hexBytes, oneOf, pastMs } from './argument-values.ts';
import { QUOTE_STATES } from './plain.ts';

const NOW = Date.parse('2026-11-27T02:00:00Z');

describe('an argument', () => {
  test('that is an amount fits an int64 and is above 0', () => {
    expect(amount('9223372036854775807')).toBe(2n ** 63n - 1n);
    for (const text of ['0', '-1', '1.0', '1e3', '0x10', '9223372036854775808', '']) {
      expect(() => amount(text), text).toThrow('whole number');
    }
    expect(amounts('1,2,4')).toEqual([1n, 2n, 4n]);
    expect(() => amounts('1,,2')).toThrow('whole number');
  });

  test('that is a time is an instant, or a distance from now in the direction that makes sense', () => {
    expect(pastMs('2026-11-27T01:00:00Z', NOW)).toBe(BigInt(NOW - 3_600_000));
    expect(pastMs('2h', NOW)).toBe(BigInt(NOW - 7_200_000));
    expect(futureSeconds('365d', NOW)).toBe(BigInt(NOW / 1_000 + 365 * 86_400));
    expect(futureSeconds('2027-11-27', NOW)).toBe(BigInt(Date.parse('2027-11-27') / 1_000));
    for (const text of ['yesterday', '5', '12:00', '2026-13-01']) expect(() => pastMs(text, NOW), text).toThrow('time');
    expect(durationMs('500ms')).toBe(500);
    expect(() => durationMs('5 s')).toThrow('for instance 30s');
  });

  test('that names a state may be written in any case; one that means nothing is refused', () => {
    const state = oneOf(QUOTE_STATES);
    expect(state('paid')).toBe(state('PAID'));
    for (const text of ['unspecified', 'payed', '2']) expect(() => state(text), text).toThrow('give one of pending');
  });

  test('that is a key has exactly its length', () => {
    const key = hexBytes(2);
    expect(key('aBcd')).toEqual(Buffer.from([0xab, 0xcd]));
    for (const text of ['abc', 'abcdef', 'xyzw', '']) expect(() => key(text), text).toThrow('4 hex digits');
    expect(() => count('-1')).toThrow('whole number');
  });
});
