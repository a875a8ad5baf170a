import { assert } from '@assay/shared/kernel/assert';
import { type Ehash, ehash } from '@assay/shared/kernel/money';

export interface Credited {
  readonly credits: readonly Ehash[];
  readonly creditSum: Ehash;
  readonly carryOut: bigint;
}

/**
 * Credits of `count` shares of equal `work` in order, the work remainder carried on (01-pool section 2).
 * Rounds down; what is left is the carry, so that Σ credit over a key's life = floor(Σ work / 2^shift).
 */
export function creditShares(carryIn: bigint, work: bigint, count: number, creditShift: number): Credited {
  const shift = BigInt(creditShift);
  const unit = 1n << shift;
  assert(carryIn >= 0n && carryIn < unit, `carry out of range: ${carryIn}`);
  const credits: Ehash[] = [];
  let carry = carryIn;
  for (let index = 0; index < count; index += 1) {
    const total = carry + work;
    credits.push(ehash(total >> shift));
    carry = total & (unit - 1n);
  }
  const creditSum = ehash((carryIn + work * BigInt(count)) >> shift);
  return { credits, creditSum, carryOut: carry };
}

/** Whether 256 shares of the highest difficulty stay within 2^53 − 1 ehash. */
export function creditFits(kMax: number, creditShift: number): boolean {
  return kMax <= 12 + creditShift;
}
