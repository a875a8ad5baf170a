import type { Keyset } from './keyset.ts';
import type { Supply } from './supply.ts';
import type { Unit } from './unit.ts';

/**
 * Sums of a keyset are int64, and every swap of HASH adds to them for nothing: at the end no counter of any unit would go on.
 * A rotation begins new ones. Somebody is called at an eighth, outputs are refused at a half, and at three quarters, should
 * it come to that, the recount stops everything.
 */
export const TURNOVER = { warned: 2n ** 60n, refused: 2n ** 62n, stopped: 2n ** 62n + 2n ** 61n } as const;

/** What was ever issued on the active keyset of a unit. */
export interface Turnover {
  readonly unit: Unit;
  readonly keyset: string;
  readonly issued: bigint;
}

export function turnoverOf(counters: Supply, keysets: Iterable<Keyset>): readonly Turnover[] {
  return [...keysets]
    .filter(({ active }) => active)
    .map(({ id, unit }) => ({ unit, keyset: id, issued: counters.keysets.get(id)?.issuedSum ?? 0n }));
}
