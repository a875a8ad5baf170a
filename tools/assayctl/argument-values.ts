import { InvalidArgumentError } from 'commander';
import type { EnumNames } from './enum-names.ts';

// Each turns the text of an argument into a value, or says in a sentence what it wants instead.

const AMOUNT_MAX = 2n ** 63n - 1n;
const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const AMOUNTS_MAX = 64;

/** A whole number above 0 that an int64 holds. */
export function amount(text: string): bigint {
  const value = /^\d{1,19}$/.test(text) ? BigInt(text) : 0n;
  if (value < 1n || value > AMOUNT_MAX) throw new InvalidArgumentError('give a whole number from 1 to 2^63 - 1');
  return value;
}

export function count(text: string): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw new InvalidArgumentError('give a whole number');
  return value;
}

export function feePpk(text: string): bigint {
  return BigInt(count(text));
}

/** Denominations, `1,2,4`. */
export function amounts(text: string): bigint[] {
  const list = text.split(',').map(amount);
  if (list.length > AMOUNTS_MAX) throw new InvalidArgumentError(`give at most ${AMOUNTS_MAX}`);
  return list;
}

/** `500ms`, `10s`, `5m`, `36h`, `90d` in ms. */
export function durationMs(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  if (!isUnit(unit)) throw new InvalidArgumentError('give a number with ms, s, m, h or d, for instance 30s');
  return Number(digits) * UNIT_MS[unit];
}

function isUnit(text: string): text is keyof typeof UNIT_MS {
  return Object.hasOwn(UNIT_MS, text);
}

/** An instant in Unix ms: ISO 8601, or a duration ago (`2h`). */
export function pastMs(text: string, nowMs: number): bigint {
  return BigInt(isDuration(text) ? nowMs - durationMs(text) : isoMs(text));
}

/** An instant in Unix seconds: ISO 8601, or a duration from now (`365d`). */
export function futureSeconds(text: string, nowMs: number): bigint {
  return BigInt(Math.ceil((isDuration(text) ? nowMs + durationMs(text) : isoMs(text)) / 1_000));
}

function isDuration(text: string): boolean {
  return /^\d+[a-z]+$/.test(text);
}

function isoMs(text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new InvalidArgumentError('give a time as 2026-11-27T02:00:00Z, or a duration as 2h');
  return ms;
}

/** Bytes from hex of an exact length. */
export function hexBytes(length: number): (text: string) => Buffer {
  return (text) => {
    if (!/^(?:[0-9a-f]{2})+$/i.test(text) || text.length !== 2 * length)
      throw new InvalidArgumentError(`give ${2 * length} hex digits`);
    return Buffer.from(text, 'hex');
  };
}

/** One of the names of an enum, in any case. */
export function oneOf<E extends Readonly<Record<string, number>>>(names: EnumNames<E>): (text: string) => E[keyof E] {
  return (text) => {
    const value = names.valueOf(text);
    if (value === undefined || value === names.unspecified)
      throw new InvalidArgumentError(`give one of ${names.names.join(', ').toLowerCase()}`);
    return value;
  };
}
