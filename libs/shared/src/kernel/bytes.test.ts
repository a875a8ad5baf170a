import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bigintFromBytes,
  bigintToBytes,
  bytesEqual,
  compareBytes,
  concat,
  fromHex,
  lp,
  parseHex,
  reversed,
  toHex,
  u16,
  u32,
  u32le,
  u64,
  u8,
  utf8,
} from './bytes.ts';

const anyBytes = fc.uint8Array({ maxLength: 80 });

describe('canonical bytes', () => {
  test('numbers are big-endian at their full width', () => {
    expect(toHex(concat(u8(1), u16(2), u32(3), u64(4n)))).toBe('01000200000003' + '0000000000000004');
    expect(toHex(u32(0xdeadbeef))).toBe('deadbeef');
    expect(toHex(u32le(0xdeadbeef))).toBe('efbeadde');
    expect(toHex(u64(2n ** 64n - 1n))).toBe('ffffffffffffffff');
  });

  test.each([
    ['u8', () => u8(256)],
    ['u16', () => u16(-1)],
    ['u32', () => u32(2 ** 32)],
    ['u32', () => u32(1.5)],
    ['u64', () => u64(2n ** 64n)],
    ['u64', () => u64(-1n)],
  ])('a number outside %s is a bug, not a wrapped number', (_name, write) => {
    expect(write).toThrow();
  });

  test('a length prefix keeps neighbours apart', () => {
    expect(toHex(lp('ab'))).toBe('000000026162');
    expect(bytesEqual(concat(lp('a'), lp('bc')), concat(lp('ab'), lp('c')))).toBe(false);
    expect(toHex(lp('é'))).toBe('00000002c3a9');
  });

  test('hex of either case reads the same, and writes lower case', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(toHex(fromHex(toHex(bytes).toUpperCase()))).toBe(toHex(bytes));
      }),
    );
  });

  test('of any text, just pairs of hex digits are read', () => {
    const nearHex = fc.string({
      unit: fc.constantFrom(...'09afAFgG@/:`', '\u0130', '\u0661', '\u{10030}'),
      maxLength: 6,
    });
    const agrees = (text: string) => void expect(parseHex(text).ok).toBe(/^([0-9a-fA-F]{2})*$/.test(text));
    fc.assert(fc.property(nearHex, agrees), { numRuns: 2_000 });
  });

  test.each(['0', 'zz', '0x00', ' 00', '00 ', '٠٠', 'İİ'])('%j is no hex', (text) => {
    expect(parseHex(text).ok).toBe(false);
  });

  test('hex of another length than asked for is refused', () => {
    expect(parseHex('0011', 2).ok).toBe(true);
    expect(parseHex('0011', 3).ok).toBe(false);
  });

  test('bytes order like big-endian numbers of one length', () => {
    const words = fc.uint8Array({ minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(words, words, (a, b) => {
        const [left, right] = [bigintFromBytes(a), bigintFromBytes(b)];
        expect(compareBytes(a, b)).toBe(left === right ? 0 : left < right ? -1 : 1);
      }),
    );
  });

  test('a number survives its bytes, and does not fit fewer', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (value) => {
        expect(bigintFromBytes(bigintToBytes(value, 32))).toBe(value);
      }),
    );
    expect(() => bigintToBytes(256n, 1)).toThrow();
    expect(bigintFromBytes(new Uint8Array(0))).toBe(0n);
  });

  test('reversing twice changes nothing and never the original', () => {
    const bytes = utf8('abc');
    expect(bytesEqual(reversed(reversed(bytes)), bytes)).toBe(true);
    expect(toHex(bytes)).toBe('616263');
  });
});
