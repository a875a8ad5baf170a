import { bigintFromBytes, bigintToBytes, type Bytes, compareBytes } from '@assay/shared/kernel/bytes';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { assert, present } from '@assay/shared/kernel/assert';

// 01-pool section 2. A difficulty is 2^k; k is a whole number in K_LOWEST … K_HIGHEST. Targets are 32 bytes big-endian.

export const K_LOWEST = -32;
export const K_HIGHEST = 44;

export interface DifficultyBounds {
  readonly min: number;
  readonly max: number;
}

const EVERY_K = Array.from({ length: K_HIGHEST - K_LOWEST + 1 }, (_, index) => K_LOWEST + index);
const TARGETS = EVERY_K.map((k) => bigintToBytes(targetNumber(k), 32));
const WORKS = EVERY_K.map((k) => 2n ** 256n / (targetNumber(k) + 1n));

function targetNumber(k: number): bigint {
  return 0xffffn << BigInt(208 - k);
}

/** target(k) = 0xffff · 2^(208−k), 32 bytes big-endian; shared, never to be changed. */
export function targetOf(k: number): Bytes {
  return present(TARGETS[k - K_LOWEST], 'target of this k');
}

/** work(target(k)) in hashes: what every share of this difficulty counts. */
export function workOf(k: number): bigint {
  return present(WORKS[k - K_LOWEST], 'work of this k');
}

/** floor(2^256 / (T + 1)) of any target of 32 bytes. */
export function workOfTarget(target: Bytes): bigint {
  return 2n ** 256n / (bigintFromBytes(target) + 1n);
}

/** The largest k with target(k) ≥ `target`; K_LOWEST when even that target is lower. */
export function kOfTarget(target: Bytes): number {
  for (let k = K_HIGHEST; k > K_LOWEST; k -= 1) if (compareBytes(targetOf(k), target) >= 0) return k;
  return K_LOWEST;
}

/** Target (32 bytes big-endian) that the `bits` of a header stand for. */
export function networkTarget(bits: number): Result<Bytes, 'bits-invalid'> {
  const exponent = bits >>> 24;
  const mantissa = bits & 0x007f_ffff;
  if ((bits & 0x0080_0000) !== 0 || mantissa === 0) return err('bits-invalid');
  const shift = BigInt(8 * (exponent - 3));
  const target = exponent <= 3 ? BigInt(mantissa) >> -shift : BigInt(mantissa) << shift;
  return target >= 2n ** 256n ? err('bits-invalid') : ok(bigintToBytes(target, 32));
}

/**
 * floor(log2 x) of a finite x > 0, exact for every double, and kept within K_LOWEST … K_HIGHEST.
 * Read from the bits of the number: Math.log2 is off by one next to powers of two.
 */
export function floorLog2(x: number): number {
  return withinBounds(exponentOf(x), { min: K_LOWEST, max: K_HIGHEST });
}

/** ceil(log2 x) of a finite x > 0, kept within K_LOWEST … K_HIGHEST. */
export function ceilLog2(x: number): number {
  const floor = exponentOf(x);
  return withinBounds(x > 2 ** floor ? floor + 1 : floor, { min: K_LOWEST, max: K_HIGHEST });
}

function exponentOf(x: number): number {
  assert(Number.isFinite(x) && x > 0, 'a logarithm needs a finite number above zero');
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  // Doubles below 2^−1022 have the biased exponent 0: far below every k, so −1023 serves.
  return ((view.getUint16(0) >>> 4) & 0x7ff) - 1023;
}

export function withinBounds(k: number, bounds: DifficultyBounds): number {
  return Math.max(bounds.min, Math.min(bounds.max, k));
}

/**
 * Bounds of the pool at the given network target.
 * @param configured the k of POOL_DIFFICULTY_MIN_LOG2 and POOL_DIFFICULTY_MAX_LOG2
 */
export function difficultyBounds(configured: DifficultyBounds, network: Bytes): DifficultyBounds {
  const { min } = configured;
  return { min, max: Math.min(configured.max, Math.max(min, kOfTarget(network))) };
}
