import type { Bytes } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';

// 01-pool section 13. Statistics: floating point is allowed here, and nothing that is paid reads it.

/** Windows τ in ms, in the order of every list of rates. */
export const RATE_WINDOWS = {
  '1m': 60_000,
  '5m': 300_000,
  '15m': 900_000,
  '1h': 3_600_000,
  '6h': 21_600_000,
  '1d': 86_400_000,
  '7d': 604_800_000,
} as const;

const TAUS: readonly number[] = Object.values(RATE_WINDOWS);

/** Decaying sums s of one worker, one per window, as of `last`. */
export interface RateSums {
  readonly first: UnixMs;
  readonly last: UnixMs;
  readonly sums: readonly number[];
}

/** s·e^(−(t−last)/τ) + w/τ per window; w in hashes. */
export function addShare(rates: RateSums | undefined, work: bigint, at: UnixMs): RateSums {
  const before = rates ?? { first: at, last: at, sums: TAUS.map(() => 0) };
  // Times of several connections may come out of order: an older share counts as of the newest.
  const last = at > before.last ? at : before.last;
  const sums = TAUS.map((tau, index) => decayed(before, index, tau, last) + (Number(work) * 1000) / tau);
  return { first: before.first, last, sums };
}

/** Sums of two runs of the same worker, as of the later share. */
export function mergeRates(a: RateSums | undefined, b: RateSums | undefined): RateSums | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const last = a.last > b.last ? a.last : b.last;
  const first = a.first < b.first ? a.first : b.first;
  return { first, last, sums: TAUS.map((tau, index) => decayed(a, index, tau, last) + decayed(b, index, tau, last)) };
}

/** Rates in H/s, one per window. */
export function hashRates(rates: RateSums | undefined, now: UnixMs): readonly number[] {
  if (rates === undefined) return TAUS.map(() => 0);
  const age = Math.max(now - rates.first, 60_000);
  return TAUS.map((tau, index) => decayed(rates, index, tau, now) / (1 - Math.exp(-age / tau)));
}

export function sumRates(each: readonly (readonly number[])[]): readonly number[] {
  return TAUS.map((_, index) => each.reduce((sum, rates) => sum + (rates[index] ?? 0), 0));
}

function decayed(rates: RateSums, index: number, tau: number, at: UnixMs): number {
  return (rates.sums[index] ?? 0) * Math.exp(-Math.max(0, at - rates.last) / tau);
}

/** Difficulty 0xffff·2^208 / hash of a hash in internal byte order. */
export function difficultyOfHash(hash: Bytes): number {
  const number = BigInt(`0x${Buffer.from(hash).reverse().toString('hex')}`);
  return number === 0n ? Infinity : Number(0xffffn << 208n) / Number(number);
}

/** Effort in %: 100 · work since the last own block / work(network target). */
export function effortPercent(workSinceBlock: bigint, networkWork: bigint): number {
  return (100 * Number(workSinceBlock)) / Number(networkWork);
}

/** The lower of two hashes in internal byte order: the last byte is the highest. */
export function lowerHash(a: Bytes | undefined, b: Bytes): Bytes {
  if (a === undefined) return b;
  for (let index = b.length - 1; index >= 0; index -= 1) {
    const [left, right] = [a[index] ?? 0, b[index] ?? 0];
    if (left !== right) return left < right ? a : b;
  }
  return a;
}
