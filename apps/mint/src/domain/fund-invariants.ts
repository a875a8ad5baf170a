import { type Fund, reservedIn } from './fund.ts';
import type { Grant } from './grant.ts';
import { broken, type Broken } from './invariants.ts';
import type { Supply } from './supply.ts';
import { methodScope } from './supply.ts';
import { HASH_UNIT, type Unit } from './unit.ts';

/** What is known of a fund from elsewhere, as of the same instant. */
export interface FundEvidence {
  /** Approved ones by id. */
  readonly grants: ReadonlyMap<string, Grant>;
  /** Σ of the quotes that this fund paid, without those whose reservation is not turned into a payment yet. */
  readonly paidToQuotes: bigint;
  /** Σ of what redeems and deposit melts took in, without and with the operations that are being counted just now. */
  readonly takenIn: { readonly least: bigint; readonly most: bigint };
}

/** M7 of one fund. */
export function fundBreaches(fund: Fund, { grants, paidToQuotes, takenIn }: FundEvidence): readonly Broken[] {
  const { unit, credited, paid } = fund;
  const scope = `fund ${unit}`;
  const granted = fund.grants.map((id) => grants.get(id));
  const isGranted = granted.every((grant) => grant?.unit === unit);
  const outOfNothing = granted.reduce((total, grant) => total + (grant?.amount ?? 0n), 0n);
  const { least, most } = takenIn;
  const isTakenIn = [least, most].includes(credited - outOfNothing);
  const pending = reservedIn(fund);
  return [
    ...broken(paid + pending > credited, 'M7', scope, `${paid} paid and ${pending} pending of ${credited}`),
    ...broken(!isGranted, 'M7', scope, 'credited for a grant that nobody approved'),
    ...broken(!isTakenIn, 'M7', scope, `${credited} credited, ${outOfNothing} granted, ${most} taken in`),
    ...broken(unit === HASH_UNIT && outOfNothing > 0n, 'M7', scope, `${outOfNothing} of audited work granted`),
    ...broken(unit === HASH_UNIT && paid > most, 'M7', scope, `${paid} paid, ${most} taken in`),
    ...broken(paid !== paidToQuotes, 'M7', scope, `${paid} paid, quotes of ${paidToQuotes}`),
  ];
}

/** What operations of these sums took in for the fund of a unit. */
export function takenInBy(sums: Supply, unit: Unit): bigint {
  const redeemed = sums.methods.get(methodScope(unit, 'redeem'))?.redeemed ?? 0n;
  return redeemed + (sums.methods.get(methodScope(unit, 'deposit'))?.melted ?? 0n);
}
