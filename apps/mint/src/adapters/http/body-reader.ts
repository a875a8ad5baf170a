import { isUtf8 } from 'node:buffer';
import { type LockingKey, parseLockingKey } from '@assay/shared/kernel/ids';
import { type Amount, amount as amountOf, QUOTE_AMOUNT_MAX } from '@assay/shared/kernel/money';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import type { PointHex } from '../../domain/operation.ts';
import { type Refusal, refusal } from '../../domain/refusals.ts';
import { type Json, type JsonObject, parseJsonText } from './json-text.ts';

const POINT_HEX = /^[0-9a-f]{66}$/i;
const POINT_DIGITS = 66;

/** Leaves a reader; never leaves `readBody`. What it says begins with the name of the part, which grows on its way out. */
class Unreadable extends Error {
  within(name: string): Unreadable {
    return new Unreadable(/^[ [.]/.test(this.message) ? `${name}${this.message}` : `${name}.${this.message}`);
  }
}

/** What `read` reads of a part without a name of its own: names are made of what cannot be read only. */
export function readPart<T>(name: () => string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof Unreadable ? error.within(name()) : error;
  }
}

/** How the whole body is named; its fields have names of their own. */
export const WHOLE = 'the body';

/** What `read` makes of the JSON in `body`, or 51000 with the name of the field that is wrong. */
export function readBody<T>(
  body: Uint8Array,
  { read }: { readonly read: (value: Json, what: string) => T },
): Result<T, Refusal> {
  try {
    const parsed = parseJsonText(decoded(body));
    if (!parsed.ok) return err(refusal('bad-request', 'the body is no JSON'));
    return ok(read(parsed.value, WHOLE));
  } catch (error) {
    if (error instanceof Unreadable) return err(refusal('bad-request', error.message));
    throw error;
  }
}

/** Not by a strict TextDecoder, which takes five milliseconds for a megabyte. */
function decoded(body: Uint8Array): string {
  return isUtf8(body)
    ? Buffer.from(body.buffer, body.byteOffset, body.length).toString()
    : unreadable('the body is no UTF-8');
}

export function objectOf(value: Json | undefined, what: string): JsonObject {
  if (!(value instanceof Map)) throw new Unreadable(`${what} is no object`);
  return value;
}

/** Entries are read as parts without a name. */
export function listOf<T>(value: Json | undefined, what: string, read: (entry: Json) => T): readonly T[] {
  if (!isList(value)) throw new Unreadable(`${what} is no list`);
  let at = 0;
  const readAll = () => value.map((entry, index) => ((at = index), read(entry)));
  return readPart(() => `${what}[${at}]`, readAll);
}

export function textOf(value: Json | undefined, what: string, bytesMax: number): string {
  if (typeof value !== 'string' || Buffer.byteLength(value) > bytesMax) {
    throw new Unreadable(`${what} is no text of at most ${bytesMax} bytes`);
  }
  return value;
}

/** Missing and null are alike. */
export function optional<T>(
  value: Json | undefined,
  what: string,
  read: (value: Json, what: string) => T,
): T | undefined {
  return value === undefined || value === null ? undefined : read(value, what);
}

export function booleanOf(value: Json, what: string): boolean {
  if (typeof value !== 'boolean') throw new Unreadable(`${what} is neither true nor false`);
  return value;
}

export function integerOf(value: Json, what: string): bigint {
  if (typeof value !== 'bigint') throw new Unreadable(`${what} is no integer`);
  return value;
}

/** A JSON integer of 0..2^53−1. */
export function amountIn(value: Json | undefined, what: string): Amount {
  if (typeof value !== 'bigint' || value > QUOTE_AMOUNT_MAX) throw new Unreadable(`${what} is no amount`);
  return amountOf(value);
}

/** 33 bytes in hex of either case; whether they are on the curve is a later row. */
export function pointOf(value: Json | undefined, what: string): PointHex {
  if (typeof value !== 'string' || !POINT_HEX.test(value)) throw new Unreadable(`${what} is no point`);
  return value.toLowerCase() as PointHex;
}

export function lockingKeyOf(value: Json, what: string): LockingKey {
  const key = parseLockingKey(textOf(value, what, POINT_DIGITS));
  if (!key.ok) throw new Unreadable(`${what} is no public key`);
  return key.value;
}

export function unreadable(detail: string): never {
  throw new Unreadable(detail);
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
