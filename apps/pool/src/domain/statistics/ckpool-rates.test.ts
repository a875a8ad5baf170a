import { describe, expect, it } from 'vitest';
import { unixMs } from '@assay/shared/kernel/clock';
import { readVector } from '../../../test/known-work.ts';
import { workOf } from '../difficulty.ts';
import { ckpoolRates } from './ckpool-rates.ts';
import { addShare, hashRates } from './hash-rate.ts';

const VECTOR = readVector<{ k: number; ckpoolForms: Record<string, string>[] }>('pool-hash-rate');
const START = unixMs(1_795_227_000_000);

describe('the form of a hash rate that ckpool writes', () => {
  it('is that of example A12', () => {
    const read = ckpoolRates(hashRates(addShare(undefined, workOf(VECTOR.k), START), START));
    expect([read]).toMatchObject(VECTOR.ckpoolForms);
  });

  it('has a name for every window, in order', () => {
    expect(ckpoolRates([1, 2, 3, 4, 5, 6, 7])).toEqual({
      ...{ hashrate1m: '1', hashrate5m: '2', hashrate15m: '3', hashrate1hr: '4' },
      ...{ hashrate6hr: '5', hashrate1d: '6', hashrate7d: '7' },
    });
  });

  it.each([
    [0, '0'],
    [1e-30, '0'],
    [0.5, '0.5'],
    [1.234, '1.23'],
    [12.34, '12.3'],
    [99.96, '100'],
    [999.4, '999'],
    [999.5, '1K'],
    [1_000, '1K'],
    [1_500, '1.5K'],
    [123_456, '123K'],
    [999_499, '999K'],
    [999_500, '1M'],
    [41_660_151, '41.7M'],
    [9.999e9, '10G'],
    [1.5e12, '1.5T'],
    [2.05e15, '2.05P'],
    [7e20, '700E'],
    [7e23, '700Z'],
    [1.234e25, '12340Z'],
  ])('of %d H/s is %s', (rate, form) => {
    expect(ckpoolRates([rate])['hashrate1m']).toBe(form);
  });
});
