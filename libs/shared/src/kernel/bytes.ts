import { assert } from './assert.ts';
import { err, ok, type Result } from './result.ts';

export type Bytes = Uint8Array;

const encoder = new TextEncoder();

export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

export function concat(...parts: readonly Bytes[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function u8(value: number): Bytes {
  assert(Number.isInteger(value) && value >= 0 && value <= 0xff, `not a u8: ${value}`);
  return Uint8Array.of(value);
}

/** Big-endian. */
export function u16(value: number): Bytes {
  assert(Number.isInteger(value) && value >= 0 && value <= 0xffff, `not a u16: ${value}`);
  return Uint8Array.of(value >>> 8, value & 0xff);
}

/** Big-endian. */
export function u32(value: number): Bytes {
  assert(Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff, `not a u32: ${value}`);
  return Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

/** Big-endian. */
export function u64(value: bigint): Bytes {
  assert(value >= 0n && value < 2n ** 64n, `not a u64: ${value}`);
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, value);
  return out;
}

/** Little-endian, as in block headers and transactions. */
export function u32le(value: number): Bytes {
  return u32(value).reverse();
}

/** Length-prefixed: u32(len) ‖ bytes; text as UTF-8. */
export function lp(value: Bytes | string): Bytes {
  const bytes = typeof value === 'string' ? utf8(value) : value;
  return concat(u32(bytes.length), bytes);
}

export function reversed(bytes: Bytes): Bytes {
  return Uint8Array.from(bytes).reverse();
}

export function bytesEqual(a: Bytes, b: Bytes): boolean {
  return compareBytes(a, b) === 0;
}

/** Lexicographic from the first byte: −1, 0 or 1. */
export function compareBytes(a: Bytes, b: Bytes): -1 | 0 | 1 {
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index += 1) {
    const left = a[index] ?? 0;
    const right = b[index] ?? 0;
    if (left !== right) return left < right ? -1 : 1;
  }
  return a.length === b.length ? 0 : a.length < b.length ? -1 : 1;
}

export function toHex(bytes: Bytes): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

/** Bytes of hex text of either case; of exactly `length` bytes when given. */
export function parseHex(text: string, length?: number): Result<Bytes, 'not-hex'> {
  if (text.length % 2 !== 0 || (length !== undefined && text.length !== 2 * length)) return err('not-hex');
  // Decoding ends at the first character that is no digit, but of one beyond a byte it sees the low byte only. A pattern
  // takes ten times as long: 20 ms for the transactions of a block.
  const bytes = Buffer.from(text, 'hex');
  const isHex = 2 * bytes.length === text.length && Buffer.byteLength(text) === text.length;
  return isHex ? ok(Uint8Array.from(bytes)) : err('not-hex');
}

/** Bytes of hex text that our own code wrote; anything else is a bug. */
export function fromHex(text: string): Bytes {
  const parsed = parseHex(text);
  assert(parsed.ok, 'not hex');
  return parsed.value;
}

export function bigintFromBytes(bytes: Bytes): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);
}

/** Big-endian of exactly `length` bytes. */
export function bigintToBytes(value: bigint, length: number): Bytes {
  assert(value >= 0n && value < 2n ** BigInt(8 * length), `does not fit ${length} bytes: ${value}`);
  return fromHex(value.toString(16).padStart(2 * length, '0'));
}
