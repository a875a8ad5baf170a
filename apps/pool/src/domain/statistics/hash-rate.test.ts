import { describe, expect, it } from 'vitest';
import { later, unixMs } from '@assay/shared/kernel/clock';
import { readVector } from '../../../test/known-work.ts';
import { targetOf, workOf } from '../difficulty.ts';
import { addShare, difficultyOfHash, hashRates, lowerHash, mergeRates, RATE_WINDOWS } from './hash-rate.ts';

const VECTOR = readVector<{ k: number; readAfterMs: number[]; rates: Record<string, number>[]; tolerance: number }>(
  'pool-hash-rate',
);
const START = unixMs(1_795_227_000_000);
const NAMES = Object.keys(RATE_WINDOWS);

describe('hash rates', () => {
  it('are those of example A12', () => {
    const rates = addShare(undefined, workOf(VECTOR.k), START);
    VECTOR.readAfterMs.forEach((ms, index) => {
      const read = hashRates(rates, later(START, ms));
      for (const [name, expected] of Object.entries(VECTOR.rates[index] ?? {})) {
        const found = read[NAMES.indexOf(name)] ?? 0;
        expect(Math.abs(found / expected - 1), `${name} after ${ms} ms`).toBeLessThan(VECTOR.tolerance);
      }
    });
  });

  it('of a steady miner are its rate in every window that it has filled', () => {
    let rates = addShare(undefined, workOf(0), START);
    for (let second = 10; second <= 7_200; second += 10)
      rates = addShare(rates, workOf(0), later(START, second * 1000));
    const [minute, , , hour] = hashRates(rates, later(START, 7_200_000));
    const steady = Number(workOf(0)) / 10;
    expect(Math.abs((minute ?? 0) / steady - 1)).toBeLessThan(0.1);
    expect(Math.abs((hour ?? 0) / steady - 1)).toBeLessThan(0.02);
  });

  it('of two runs of a worker add up', () => {
    const first = addShare(undefined, workOf(0), START);
    const second = addShare(undefined, workOf(3), later(START, 5_000));
    const both = addShare(addShare(undefined, workOf(0), START), workOf(3), later(START, 5_000));
    const now = later(START, 60_000);
    expect(hashRates(mergeRates(first, second), now)).toEqual(hashRates(both, now));
    expect(mergeRates(undefined, second)).toEqual(second);
  });

  it('are zero without a share', () => expect(hashRates(undefined, START)).toEqual(NAMES.map(() => 0)));
});

describe('the best share', () => {
  it('has the difficulty of its hash', () => {
    const hash = Uint8Array.from(targetOf(7)).reverse();
    expect(difficultyOfHash(hash)).toBe(128);
    expect(lowerHash(hash, Uint8Array.from(targetOf(8)).reverse())).toEqual(Uint8Array.from(targetOf(8)).reverse());
    expect(lowerHash(hash, Uint8Array.from(targetOf(6)).reverse())).toEqual(hash);
  });
});
