import type { Bytes } from '@assay/shared/kernel/bytes';

// The hot path of every share: hex is checked and read in one pass, without regular expressions and garbage.

const DIGITS = new Int8Array(128).fill(-1);
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  DIGITS[digit.charCodeAt(0)] = value;
  DIGITS[digit.toUpperCase().charCodeAt(0)] = value;
}

function digitAt(text: string, index: number): number {
  return DIGITS[text.charCodeAt(index)] ?? -1;
}

/** The unsigned number of exactly eight hex digits of either case; −1 for anything else. */
export function readHex(text: unknown): number {
  if (typeof text !== 'string' || text.length !== 8) return -1;
  let value = 0;
  for (let index = 0; index < 8; index += 1) {
    const digit = digitAt(text, index);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/** Writes exactly `bytes` bytes of hex text into `out` at `at`; false when the text is anything else. */
export function readHexInto(text: unknown, out: Bytes, at: number, bytes: number): boolean {
  if (typeof text !== 'string' || text.length !== 2 * bytes) return false;
  for (let index = 0; index < bytes; index += 1) {
    const high = digitAt(text, 2 * index);
    const low = digitAt(text, 2 * index + 1);
    if (high < 0 || low < 0) return false;
    out[at + index] = high * 16 + low;
  }
  return true;
}
