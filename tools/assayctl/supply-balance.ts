import type { GetSupplyResponse, UnitSupply } from '@assay/proto/gen/assay/mint/v1/mint_service';

/** A sum of the ledger that is not what it has to be. */
export interface Imbalance {
  readonly unit: string;
  readonly rule: string;
  readonly expected: bigint;
  readonly found: bigint;
}

/**
 * What a supply says against itself (03-mint section 15, M6 and M7): outstanding ecash of a unit is what its keysets issued
 * less what was spent, and what was minted less what left; a fund pays no more than it was credited.
 */
export function imbalancesOf({ keysets, methods, units, funds }: GetSupplyResponse): Imbalance[] {
  const ofUnit = <T extends { unit: string }>(rows: readonly T[], unit: string) =>
    rows.filter((row) => row.unit === unit);
  const perUnit = units.flatMap((total): Imbalance[] => {
    const sets = ofUnit(keysets, total.unit);
    const ways = ofUnit(methods, total.unit);
    const issuedLessSpent = sets.reduce((sum, { issuedSum, spentSum }) => sum + issuedSum - spentSum, 0n);
    const minted = ways.reduce((sum, way) => sum + way.minted, 0n);
    return [
      { unit: total.unit, rule: 'outstanding = issued - spent', expected: issuedLessSpent, found: total.outstanding },
      { unit: total.unit, rule: 'outstanding = minted - left', expected: leftOf(total), found: total.outstanding },
      { unit: total.unit, rule: 'minted = sum over methods', expected: minted, found: total.minted },
    ];
  });
  const overspent = sumsOfKeysets(keysets).concat(
    funds.map(({ unit, credited, paid, pending }) => ({
      ...{ unit, rule: 'paid + pending <= credited', expected: credited },
      found: paid + pending > credited ? paid + pending : credited,
    })),
  );
  return [...perUnit, ...overspent].filter(({ expected, found }) => expected !== found);
}

function sumsOfKeysets(keysets: GetSupplyResponse['keysets']): Imbalance[] {
  return keysets.map(({ keysetId, unit, issuedSum, spentSum }) => ({
    ...{ unit, rule: `spent <= issued of keyset ${keysetId}`, expected: issuedSum },
    found: spentSum > issuedSum ? spentSum : issuedSum,
  }));
}

function leftOf({ minted, melted, redeemed, fees, surplus }: UnitSupply): bigint {
  return minted - melted - redeemed - fees - surplus;
}
