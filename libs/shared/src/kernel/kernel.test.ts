import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assert, AssertionFailure, present } from './assert.ts';
import { isDue, later, unixMs } from './clock.ts';
import { utf8, toHex } from './bytes.ts';
import { doubleSha256, sha256, taggedHash } from './hash.ts';
import { parseLockingKey, parsePoolId } from './ids.ts';
import { describeMachine, type Machine, step } from './machine.ts';
import { amount, ehash, INT64_MAX, sumAmounts } from './money.ts';
import { err, ok } from './result.ts';

describe('money', () => {
  test('the door takes 0 to 2^63 − 1 and nothing else', () => {
    expect(ehash(0n)).toBe(0n);
    expect(amount(INT64_MAX)).toBe(INT64_MAX);
    expect(() => ehash(-1n)).toThrow(AssertionFailure);
    expect(() => amount(INT64_MAX + 1n)).toThrow(AssertionFailure);
  });

  test('a sum is exact, and one that does not fit is a bug', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: 2n ** 53n }), { maxLength: 50 }), (values) => {
        const exact = values.reduce((total, value) => total + value, 0n);
        expect(sumAmounts(values)).toBe(exact);
      }),
    );
    expect(() => sumAmounts([INT64_MAX, 1n])).toThrow(AssertionFailure);
  });
});

describe('time', () => {
  test('a deadline closes at its own instant', () => {
    const dueAt = unixMs(1_000);
    expect(isDue(dueAt, unixMs(999))).toBe(false);
    expect(isDue(dueAt, unixMs(1_000))).toBe(true);
    expect(later(dueAt, 5)).toBe(1_005);
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('%d is no time', (value) => {
    expect(() => unixMs(value)).toThrow(AssertionFailure);
  });
});

describe('machines', () => {
  type State = 'open' | 'closed';
  type Event = 'close' | 'reopen';
  const door: Machine<State, Event> = { open: { close: 'closed' }, closed: {} };

  test('an event that the table does not have is refused', () => {
    expect(step(door, 'open', 'close')).toBe('closed');
    expect(step(door, 'closed', 'close')).toBeUndefined();
    expect(describeMachine(door, ['close', 'reopen'])).toEqual([
      'open --close--> closed',
      'open --reopen--> refused',
      'closed --close--> refused',
      'closed --reopen--> refused',
    ]);
  });
});

describe('hashes', () => {
  test('SHA-256 and its double are the published ones', () => {
    expect(toHex(sha256(utf8('abc')))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(toHex(sha256(utf8('a'), utf8('bc')))).toBe(toHex(sha256(utf8('abc'))));
    expect(toHex(doubleSha256(utf8('hello')))).toBe('9595c9df90075148eb06860365df33584b75bff782a510c6cd4883a419833d50');
  });

  test('a tagged hash depends on its tag', () => {
    expect(toHex(taggedHash('a', utf8('x')))).not.toBe(toHex(taggedHash('b', utf8('x'))));
    const tag = sha256(utf8('a'));
    expect(toHex(taggedHash('a', utf8('x')))).toBe(toHex(sha256(tag, tag, utf8('x'))));
  });
});

describe('ids', () => {
  const key = '02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5';

  test('a locking key of either case is one key', () => {
    expect(parseLockingKey(key.toUpperCase())).toEqual(ok(key));
  });

  test.each([key.slice(1), `05${key.slice(2)}`, `02${'00'.repeat(31)}05`, 'bc1qxyz', ''])(
    '%j is no locking key',
    (text) => {
      expect(parseLockingKey(text)).toEqual(err('bad-key'));
    },
  );

  test('a pool id is short and plain', () => {
    expect(parsePoolId('pool-1').ok).toBe(true);
    for (const text of ['', 'Pool', 'a'.repeat(33), 'a/b']) expect(parsePoolId(text).ok).toBe(false);
  });
});

describe('assertions', () => {
  test('stay on and say what was expected', () => {
    expect(() => assert(false, 'what')).toThrow('what');
    expect(() => present(undefined, 'the head')).toThrow('missing: the head');
    expect(present(0, 'zero')).toBe(0);
  });
});
