import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bigintFromBytes, bigintToBytes, compareBytes, toHex } from '@assay/shared/kernel/bytes';
import { JOB_VECTOR, readVector } from '../../test/known-work.ts';
import {
  ceilLog2,
  difficultyBounds,
  floorLog2,
  K_HIGHEST,
  K_LOWEST,
  kOfTarget,
  networkTarget,
  targetOf,
  withinBounds,
  workOf,
} from './difficulty.ts';

const VECTOR = readVector<{
  work: { k: number; work: string }[];
  suggestions: { difficulty: string; minimum: number; k: number }[];
}>('pool-work-and-credit');
const k = fc.integer({ min: K_LOWEST, max: K_HIGHEST });

describe('difficulty', () => {
  it('has the target and the work of example A1', () => {
    expect(toHex(targetOf(JOB_VECTOR.k))).toBe(JOB_VECTOR.target);
    expect(workOf(JOB_VECTOR.k)).toBe(BigInt(JOB_VECTOR.work));
  });

  it.each(VECTOR.work)('k $k is work $work', (row) => expect(workOf(row.k)).toBe(BigInt(row.work)));

  it.each(VECTOR.suggestions)('a suggestion of $difficulty becomes k $k at minimum $minimum', (row) => {
    const bounds = { min: row.minimum, max: K_HIGHEST };
    expect(withinBounds(floorLog2(Number(row.difficulty)), bounds)).toBe(row.k);
  });

  it('the work of every k is that of its target, and a harder target is never less work', () => {
    fc.assert(
      fc.property(k, (of) => {
        expect(workOf(of)).toBe(2n ** 256n / (bigintFromBytes(targetOf(of)) + 1n));
        if (of < K_HIGHEST) expect(workOf(of + 1) > workOf(of)).toBe(true);
      }),
    );
  });

  it('floor and ceiling of a logarithm are exact next to powers of two', () => {
    fc.assert(
      fc.property(k, (of) => {
        const power = 2 ** of;
        expect([floorLog2(power), ceilLog2(power)]).toEqual([of, of]);
        expect(floorLog2(power * (1 - 2 ** -53))).toBe(Math.max(K_LOWEST, of - 1));
        expect(ceilLog2(power * (1 + 2 ** -52))).toBe(Math.min(K_HIGHEST, of + 1));
      }),
    );
    expect([floorLog2(5e-324), floorLog2(1e308), ceilLog2(5), ceilLog2(1e308)]).toEqual([K_LOWEST, 44, 3, 44]);
  });

  it('the k of a target is the largest whose target is not below it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 256n - 1n }), (number) => {
        const target = bigintToBytes(number, 32);
        const found = kOfTarget(target);
        if (found > K_LOWEST) expect(compareBytes(targetOf(found), target)).toBeGreaterThanOrEqual(0);
        if (found < K_HIGHEST) expect(compareBytes(targetOf(found + 1), target)).toBe(-1);
      }),
    );
  });

  it.each([
    [0x1d00ffff, 0xffffn << 208n],
    [0x17034219, 0x034219n << 160n],
    [0x207fffff, 0x7fffffn << 232n],
    [0x03123456, 0x123456n],
    [0x02123456, 0x1234n],
    [0x01123456, 0x12n],
  ])('bits %i are their target', (bits, target) => {
    const found = networkTarget(bits);
    expect(found.ok && bigintFromBytes(found.value)).toBe(target);
  });

  it.each([0x1d000000, 0x1d80ffff, 0xff123456, 0x23000001 + 0xffff, 0])('bits %i are invalid', (bits) => {
    expect(networkTarget(bits)).toEqual({ ok: false, error: 'bits-invalid' });
  });

  it('the bounds follow the network and never end below the minimum', () => {
    const signet = networkTarget(0x1e0377ae);
    if (!signet.ok) throw new Error('signet has bits');
    expect(difficultyBounds({ min: -20, max: 44 }, signet.value)).toEqual({ min: -20, max: -10 });
    expect(difficultyBounds({ min: 0, max: 44 }, signet.value)).toEqual({ min: 0, max: 0 });
    expect(difficultyBounds({ min: 0, max: 44 }, targetOf(44))).toEqual({ min: 0, max: 44 });
  });
});
