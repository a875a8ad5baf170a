import type { UnixMs } from '@assay/shared/kernel/clock';
import { HASH_UNIT, SAT_UNIT, type Unit } from './unit.ts';

/** A new active keyset, as an operator asks for it. */
export interface RotationTerms {
  readonly unit: Unit;
  readonly inputFeePpk: bigint;
  /** Unix seconds. */
  readonly finalExpiryS: bigint | undefined;
  /** Ascending; empty: those of the keyset before. */
  readonly amounts: readonly bigint[];
}

/** A rotation from its command to the keyset that came of it. */
export interface Rotation extends RotationTerms {
  /** Names it to the signatory, which rotates once for it. */
  readonly rotationId: string;
  /** The keyset that it replaces, once that is noted: before the signatory is asked to rotate. */
  readonly oldKeysetId: string | undefined;
  readonly at: UnixMs;
}

/** A rotation that the signatory has carried out. */
export interface Rotated extends Rotation {
  readonly oldKeysetId: string;
}

export type RotationFault = 'FINAL_EXPIRY_TOO_SOON' | 'AMOUNTS_INVALID';

const AUDITED_LIFE_S = 90n * 86_400n;
const LARGEST = 2n ** 52n;
/** Lightning needs no more, and amounts of old wallets are 32 bits. */
const LARGEST_SAT = 2n ** 31n;

/** Why no keyset may be of these terms (03-mint section 5). */
export function faultOfRotation(
  { unit, finalExpiryS, amounts }: RotationTerms,
  now: UnixMs,
): RotationFault | undefined {
  return isTooSoon(unit, finalExpiryS, BigInt(now)) ? 'FINAL_EXPIRY_TOO_SOON' : faultOfAmounts(unit, amounts);
}

/** Ecash of audited work always expires, so that its keyset can be counted out, but gives its holders 90 days. */
function isTooSoon(unit: Unit, finalExpiryS: bigint | undefined, nowMs: bigint): boolean {
  if (finalExpiryS === undefined) return unit === HASH_UNIT;
  const least = unit === HASH_UNIT ? AUDITED_LIFE_S * 1_000n : 1n;
  return finalExpiryS * 1_000n < nowMs + least;
}

function faultOfAmounts(unit: Unit, amounts: readonly bigint[]): 'AMOUNTS_INVALID' | undefined {
  const largest = unit === SAT_UNIT ? LARGEST_SAT : LARGEST;
  const isDenomination = (value: bigint) => value >= 1n && value <= largest && (value & (value - 1n)) === 0n;
  const isAscending = amounts.every((value, at) => value > (amounts[at - 1] ?? 0n));
  return isAscending && amounts.every(isDenomination) ? undefined : 'AMOUNTS_INVALID';
}
