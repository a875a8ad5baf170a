import type { UnixMs } from '@assay/shared/kernel/clock';
import type { Amount } from '@assay/shared/kernel/money';
import type { Unit } from './unit.ts';

/** Public half of a keyset, as the signatory tells it. */
export interface Keyset {
  /** Lower-case hex: 66 digits (v2) or 16 (v1). */
  readonly id: string;
  readonly unit: Unit;
  /** Exactly one keyset of a unit is active: outputs are signed by it only. */
  readonly active: boolean;
  readonly inputFeePpk: bigint;
  /** Unix seconds, or undefined when it never expires. */
  readonly finalExpiryS: bigint | undefined;
  /** Denomination → compressed key in lower-case hex, ascending. */
  readonly keys: ReadonlyMap<Amount, string>;
}

/** Whether the text could be a keyset's id, in lower case. */
export function isKeysetId(text: string): boolean {
  return /^([0-9a-f]{16}|[0-9a-f]{66})$/.test(text);
}

/** Whether neither inputs nor outputs of the keyset are taken any more. */
export function isExpired(keyset: Keyset, now: UnixMs): boolean {
  return keyset.finalExpiryS !== undefined && BigInt(now) >= keyset.finalExpiryS * 1_000n;
}

/** Whether ecash of the unit can be issued: its active keyset is not expired. */
export function isIssuable(unit: Unit, keysets: readonly Keyset[], now: UnixMs): boolean {
  return keysets.some((keyset) => keyset.unit === unit && keyset.active && !isExpired(keyset, now));
}
