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
  // All shares have the same work, so a credit is one of two numbers.
  const whole = ehash(work >> shift);
  const carried = ehash(whole + 1n);
  const rest = work & (unit - 1n);
  const credits: Ehash[] = [];
  let carry = carryIn;
  for (let index = 0; index < count; index += 1) {
    carry += rest;
    const overflows = carry >= unit;
    if (overflows) carry -= unit;
    credits.push(overflows ? carried : whole);
  }
  const creditSum = ehash((carryIn + work * BigInt(count)) >> shift);
  return { credits, creditSum, carryOut: carry };
}

/** Whether 256 shares of the highest difficulty stay within 2^53 − 1 ehash. */
export function creditFits(kMax: number, creditShift: number): boolean {
  return kMax <= 12 + creditShift;
}
