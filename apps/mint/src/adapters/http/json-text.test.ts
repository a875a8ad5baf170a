import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Json, parseJsonText, renderJson } from './json-text.ts';

/** What JSON.parse would give; loses integers above 2^53, which is why it is not used. */
function plain(value: Json): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, field]) => [key, plain(field)]));
  if (Array.isArray(value)) return value.map((entry: Json) => plain(entry));
  return value !== null && typeof value === 'object' && 'loose' in value ? Number(value.loose) : value;
}

describe('JSON without loss', () => {
  it('reads what JSON.parse reads', () => {
    const values = fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' });
    fc.assert(
      fc.property(values, fc.constantFrom(undefined, 2), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        const parsed = parseJsonText(text);
        expect(parsed.ok && JSON.stringify(plain(parsed.value))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it('refuses what JSON.parse refuses', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...'{}[]",:\\ \n0123456789.eE+-truefalsnu/b\u0000é')), (characters) => {
        const text = characters.join('');
        if (parseJsonText(text).ok) JSON.parse(text);
      }),
      { numRuns: 5_000 },
    );
  });

  it('keeps every digit of an integer', () => {
    expect(parseJsonText('9007199254740993')).toEqual({ ok: true, value: 9_007_199_254_740_993n });
    expect(parseJsonText('0')).toEqual({ ok: true, value: 0n });
  });

  it.each(['1.0', '1e3', '-1', '-0', '123456789012345678901'])('%s is no integer', (text) => {
    expect(parseJsonText(text)).toEqual({ ok: true, value: { loose: text } });
  });

  it.each([
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '"\\ud800"',
    '01',
    '+1',
    '1 2',
    '{"a":1,}',
    '[1,]',
    "{'a':1}",
    '"\t"',
    '"',
    '',
    '\ufeff1',
    `${'['.repeat(17)}1${']'.repeat(17)}`,
    'nul',
    'NaN',
  ])('%j is refused', (text) => {
    expect(parseJsonText(text)).toEqual({ ok: false, error: 'not-json' });
  });

  it('reads a megabyte of escapes and of brackets without a fault', () => {
    expect(parseJsonText(`"${'\\n'.repeat(500_000)}"`).ok).toBe(true);
    expect(parseJsonText('['.repeat(1_000_000)).ok).toBe(false);
    expect(parseJsonText('{"a":'.repeat(200_000)).ok).toBe(false);
    expect(parseJsonText(`["${'x'.repeat(1_000_000)}","\\n"]`).ok).toBe(true);
  });

  it('reads 32,768 values and no more, whatever they are', () => {
    for (const value of ['1', '""', 'null', '1.5']) {
      const list = (count: number) => `[${Array.from({ length: count }, () => value).join(',')}]`;
      expect([32_767, 32_768].map((count) => parseJsonText(list(count)).ok)).toEqual([true, false]);
    }
    const fields = (count: number) => `{${Array.from({ length: count }, (_, at) => `"${at}":1`).join(',')}}`;
    expect([32_767, 32_768].map((count) => parseJsonText(fields(count)).ok)).toEqual([true, false]);
  });

  it('reads 8,192 objects and lists among them and no more', () => {
    for (const value of ['{}', '[]', '{"a":"b"}']) {
      const list = (count: number) => `[${Array.from({ length: count }, () => value).join(',')}]`;
      expect([8_191, 8_192].map((count) => parseJsonText(list(count)).ok)).toEqual([true, false]);
    }
  });

  it('writes bigint as an integer and leaves undefined out', () => {
    const value = { amount: 2n ** 52n, text: 'ü"\n', list: [1n, null, true], none: undefined, nested: { a: 1 } };
    expect(renderJson(value)).toBe(
      '{"amount":4503599627370496,"text":"ü\\"\\n","list":[1,null,true],"nested":{"a":1}}',
    );
  });
});
