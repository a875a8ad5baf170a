import { isUtf8 } from 'node:buffer';
import { parseHex } from '@assay/shared/kernel/bytes';
import { type LockingKey, parseLockingKey } from '@assay/shared/kernel/ids';
import { type Amount, amount as amountOf, QUOTE_AMOUNT_MAX } from '@assay/shared/kernel/money';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import type { PointHex } from '../../domain/operation.ts';
import { type Refusal, refusal } from '../../domain/refusals.ts';
import { pointHex } from '../../domain/side-checks.ts';
import { type Json, type JsonObject, parseJsonText } from './json-text.ts';

const POINT_BYTES = 33;

/** Leaves a reader; never leaves `readBody`. */
class Unreadable extends Error {}

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

export function listOf<T>(value: Json | undefined, what: string, read: (entry: Json, what: string) => T): readonly T[] {
  if (!isList(value)) throw new Unreadable(`${what} is no list`);
  return value.map((entry, index) => read(entry, `${what}[${index}]`));
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
  const bytes = parseHex(textOf(value, what, 2 * POINT_BYTES), POINT_BYTES);
  if (!bytes.ok) throw new Unreadable(`${what} is no point`);
  return pointHex(bytes.value);
}

export function lockingKeyOf(value: Json, what: string): LockingKey {
  const key = parseLockingKey(textOf(value, what, 2 * POINT_BYTES));
  if (!key.ok) throw new Unreadable(`${what} is no public key`);
  return key.value;
}

export function unreadable(detail: string): never {
  throw new Unreadable(detail);
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
