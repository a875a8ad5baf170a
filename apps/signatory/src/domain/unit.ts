import { type UnixMs, unixMs } from '@assay/shared/kernel/clock';
import { QUOTE_AMOUNT_MAX } from '@assay/shared/kernel/money';
import { present } from '@assay/shared/kernel/assert';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import type { KeysetTerms, Unit } from './keyset.ts';
import { type Refusal, refusal } from './refusal.ts';

/** Powers of two up to 2^52 stay exact in JSON, and 1,000 outputs of it still fit an int64. */
export const HIGHEST_POWER = 52;
/** 2^31 sat are 21 bitcoin: more than a Lightning payment moves. */
export const HIGHEST_SAT_POWER = 31;
const AUDITED_UNIT = 'hash';
const MIN_AUDITED_LIFE_S = 90n * 86_400n;
/** The last second that a JavaScript date can hold. */
const LAST_EXPIRY = 8_640_000_000_000n;

export interface StoredKeyset extends KeysetTerms {
  readonly id: string;
  /** Of the command that made it; undefined for a unit's first keyset and for callers that gave none. */
  readonly requestId: string | undefined;
  readonly createdAt: UnixMs;
}

/** All keysets of one unit, `keysets[i].index = i`, exactly one of them active. */
export interface UnitRecord {
  readonly unit: Unit;
  readonly keysets: readonly StoredKeyset[];
  readonly activeIndex: number;
  readonly version: number;
}

/** What a caller asks of a rotation; empty amounts mean those of the active keyset. */
export interface RotationTerms {
  readonly amounts: readonly bigint[];
  readonly inputFeePpk: bigint;
  /** Unix seconds. */
  readonly finalExpiry: bigint | undefined;
  readonly requestId: string | undefined;
}

export type RotationDecision =
  | { readonly do: 'nothing'; readonly keyset: StoredKeyset }
  | { readonly do: 'rotate'; readonly terms: KeysetTerms; readonly createdAt: UnixMs };

/** When a keyset stopped being the active one; undefined while it is. */
export function retiredAt(record: UnitRecord, index: number): UnixMs | undefined {
  return record.keysets[index + 1]?.createdAt;
}

/** Denominations of a unit are at most 2 to this power. */
export function highestPowerOf(unit: Unit): number {
  return (unit as string) === 'sat' ? HIGHEST_SAT_POWER : HIGHEST_POWER;
}

/** Powers of two 2^0..2^highest. */
export function denominations(highestPower: number): bigint[] {
  return Array.from({ length: highestPower + 1 }, (_, power) => 2n ** BigInt(power));
}

/** A repeated request id gives the keyset that it made; with other content it is refused, as are terms that nobody may have. */
export function decideRotation(
  record: UnitRecord,
  asked: RotationTerms,
  now: UnixMs,
): Result<RotationDecision, Refusal> {
  const active = present(record.keysets[record.activeIndex], 'the active keyset of a unit');
  const amounts = ascending(asked.amounts.length === 0 ? active.amounts : asked.amounts);
  const terms = {
    index: record.keysets.length,
    amounts,
    inputFeePpk: asked.inputFeePpk,
    finalExpiry: asked.finalExpiry,
  };
  const earlier = keysetOfRequest(record, asked.requestId);
  if (earlier !== undefined) return decideRepeat(earlier, asked, terms);
  const fault = faultOfTerms(record.unit, terms, now);
  if (fault !== undefined) return err(refusal('could-not-rotate', fault));
  return ok({ do: 'rotate', terms, createdAt: unixMs(Math.max(active.createdAt + 1, now)) });
}

/** The first thing that is wrong with a keyset's terms, in words. */
export function faultOfTerms(unit: Unit, terms: KeysetTerms, now: UnixMs): string | undefined {
  return (
    faultOfAmounts(unit, terms.amounts) ?? faultOfFee(terms.inputFeePpk) ?? faultOfExpiry(unit, terms.finalExpiry, now)
  );
}

/** Whether a keyset of this unit was made by the command with this id. */
export function hasRequest(record: UnitRecord, requestId: string | undefined): boolean {
  return keysetOfRequest(record, requestId) !== undefined;
}

function keysetOfRequest(record: UnitRecord, requestId: string | undefined): StoredKeyset | undefined {
  return requestId === undefined ? undefined : record.keysets.find((keyset) => keyset.requestId === requestId);
}

function decideRepeat(
  earlier: StoredKeyset,
  asked: RotationTerms,
  terms: KeysetTerms,
): Result<RotationDecision, Refusal> {
  const sameAmounts = asked.amounts.length === 0 || sameList(earlier.amounts, terms.amounts);
  const same = sameAmounts && earlier.inputFeePpk === terms.inputFeePpk && earlier.finalExpiry === terms.finalExpiry;
  if (!same) return err(refusal('could-not-rotate', 'this request id was used with other content'));
  return ok({ do: 'nothing', keyset: earlier });
}

function faultOfAmounts(unit: Unit, amounts: readonly bigint[]): string | undefined {
  const power = highestPowerOf(unit);
  const highest = 2n ** BigInt(power);
  if (!amounts.every((value) => value >= 1n && value <= highest && (value & (value - 1n)) === 0n)) {
    return `amounts are powers of two from 1 to 2^${power}`;
  }
  return new Set(amounts).size === amounts.length ? undefined : 'an amount is given twice';
}

function faultOfFee(inputFeePpk: bigint): string | undefined {
  return inputFeePpk <= QUOTE_AMOUNT_MAX ? undefined : 'input_fee_ppk is larger than 2^53 − 1';
}

function faultOfExpiry(unit: Unit, finalExpiry: bigint | undefined, now: UnixMs): string | undefined {
  const nowSeconds = BigInt(Math.floor(now / 1000));
  if (finalExpiry === undefined) {
    return unit === AUDITED_UNIT ? 'a keyset of unit hash needs a final_expiry' : undefined;
  }
  if (finalExpiry > LAST_EXPIRY) return 'final_expiry is beyond the calendar';
  if (unit === AUDITED_UNIT && finalExpiry < nowSeconds + MIN_AUDITED_LIFE_S) {
    return 'final_expiry of unit hash must be at least 90 days ahead';
  }
  return finalExpiry > nowSeconds ? undefined : 'final_expiry is in the past';
}

function ascending(amounts: readonly bigint[]): bigint[] {
  return [...amounts].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
}

function sameList(left: readonly bigint[], right: readonly bigint[]): boolean {
  return left.length === right.length && left.every((value, at) => value === right[at]);
}
