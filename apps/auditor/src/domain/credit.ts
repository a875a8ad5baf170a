import { bigintFromBytes, type Bytes } from '@assay/shared/kernel/bytes';

const HASH_SPACE = 2n ** 256n;

/** Expected hashes behind one share at `target` (32 bytes big-endian): floor(2^256 / (T + 1)). */
export function workOf(target: Bytes): bigint {
  return HASH_SPACE / (bigintFromBytes(target) + 1n);
}

export interface Credits {
  /** Ehash of each share, in order. */
  readonly credits: readonly bigint[];
  readonly creditSum: bigint;
  /** Work left over, < 2^shift. */
  readonly carryOut: bigint;
}

/** Credits of `count` shares of equal `work`, the remainder carried from one to the next (02-auditor section 2.2). */
export function creditsOf(shares: { carryIn: bigint; work: bigint; shift: number; count: number }): Credits {
  const shift = BigInt(shares.shift);
  const credits: bigint[] = [];
  let carry = shares.carryIn;
  let creditSum = 0n;
  for (let index = 0; index < shares.count; index += 1) {
    carry += shares.work;
    const credit = carry >> shift;
    credits.push(credit);
    creditSum += credit;
    carry -= credit << shift;
  }
  return { credits, creditSum, carryOut: carry };
}
