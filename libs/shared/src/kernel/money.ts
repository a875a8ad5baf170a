import { assert } from './assert.ts';
import type { Brand } from './brand.ts';

/** Largest amount that is stored: BSON wraps larger integers silently. */
export const INT64_MAX = 2n ** 63n - 1n;
/** Largest amount of one quote and of a JSON integer that every wallet reads exactly. */
export const QUOTE_AMOUNT_MAX = 2n ** 53n - 1n;

/** Units of ehash: audited work. */
export type Ehash = Brand<bigint, 'Ehash'>;
/** Units of whatever the keyset at hand is denominated in. */
export type Amount = Brand<bigint, 'Amount'>;

/** The one door for ehash. */
export function ehash(value: bigint): Ehash {
  assert(value >= 0n && value <= INT64_MAX, `ehash out of range: ${value}`);
  return value as Ehash;
}

/** The one door for amounts of a keyset's unit. */
export function amount(value: bigint): Amount {
  assert(value >= 0n && value <= INT64_MAX, `amount out of range: ${value}`);
  return value as Amount;
}

export function sumAmounts(values: Iterable<bigint>): Amount {
  let total = 0n;
  for (const value of values) total += value;
  return amount(total);
}
