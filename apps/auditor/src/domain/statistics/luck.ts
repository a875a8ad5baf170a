import { bigintFromBytes, type Bytes, reversed } from '@assay/shared/kernel/bytes';

const UNIT = 2n ** 32n;
const MEAN = 2n ** 31n;
const SHARES_MIN = 1_000n;

/** Luck of one or many shares: how far below the target the hashes lie, uniform in 0…2^32 for honest targets. */
export interface Luck {
  readonly shares: bigint;
  readonly sum: bigint;
}

/** Σ u over shares of one target (32 bytes big-endian): u = floor(hash · 2^32 / (T + 1)); hashes in internal order. */
export function luckOfShares(hashes: readonly Bytes[], target: Bytes): Luck {
  const divisor = bigintFromBytes(target) + 1n;
  let sum = 0n;
  for (const hash of hashes) sum += (bigintFromBytes(reversed(hash)) * UNIT) / divisor;
  return { shares: BigInt(hashes.length), sum };
}

/**
 * Whether the sum is more than six standard deviations off: 12·(Σu − n·2^31)² > 36·n·2^64, from 1,000 shares on.
 * Then targets were chosen after the hashes were known (02-auditor section 4.3).
 */
export function isSkewed({ shares, sum }: Luck): boolean {
  const off = sum - shares * MEAN;
  return shares >= SHARES_MIN && 12n * off * off > 36n * shares * UNIT * UNIT;
}
