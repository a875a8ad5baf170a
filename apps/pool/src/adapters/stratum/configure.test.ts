import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configure } from './configure.ts';

const POOL_MASK = 0x1fffe000;

const answerTo = (names: unknown, options?: unknown) => {
  const agreed = configure(options === undefined ? [names] : [names, options], POOL_MASK);
  return agreed === undefined ? undefined : { ...agreed, answer: JSON.parse(agreed.answer) as unknown };
};

describe('mining.configure', () => {
  it('answers every asked extension, as in example A6', () => {
    const options = { 'version-rolling.mask': 'ffffe000', 'minimum-difficulty.value': 5 };
    expect(answerTo(['version-rolling', 'minimum-difficulty', 'foo'], options)).toEqual({
      versionMask: 0x1fffe000,
      minimum: { lower: 3 },
      answer: {
        'version-rolling': true,
        'version-rolling.mask': '1fffe000',
        'minimum-difficulty': true,
        foo: false,
      },
    });
  });

  it('takes the whole pool mask when none is asked for, and refuses when nothing is left of it', () => {
    expect(answerTo(['version-rolling'])?.versionMask).toBe(POOL_MASK);
    expect(answerTo(['version-rolling'], { 'version-rolling.mask': '00001fff' })).toEqual({
      ...{ versionMask: 0, answer: { 'version-rolling': false } },
    });
  });

  it('lifts the lower bound with the difficulty 0', () => {
    expect(answerTo(['minimum-difficulty'], { 'minimum-difficulty.value': 0 })?.minimum).toEqual({ lower: undefined });
  });

  it('agrees on extranonce changes and on information', () => {
    expect(answerTo(['subscribe-extranonce', 'info'], {})).toEqual({
      extranonceSubscribed: true,
      answer: { 'subscribe-extranonce': true, info: true },
    });
  });

  it('answers an extension of any name, even one that objects have', () => {
    expect(configure([['__proto__', 'constructor']], POOL_MASK)?.answer).toBe(
      '{"__proto__":false,"constructor":false}',
    );
  });

  it.each([
    [[]],
    [['version-rolling']],
    [[['version-rolling'], 7]],
    [[[7]]],
    [[['version-rolling'], { 'version-rolling.mask': 'xyz' }]],
    [[['minimum-difficulty'], { 'minimum-difficulty.value': -1 }]],
    [[['minimum-difficulty'], { 'minimum-difficulty.value': '5' }]],
  ])('%j has not its form', (params) => {
    expect(configure(params, POOL_MASK)).toBeUndefined();
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.array(fc.jsonValue()), (params) => configure(params, POOL_MASK) !== null));
  });
});
