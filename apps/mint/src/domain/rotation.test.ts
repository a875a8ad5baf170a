import { unixMs } from '@assay/shared/kernel/clock';
import { expect, test } from 'vitest';
import { faultOfRotation, type RotationTerms } from './rotation.ts';
import { HASH_UNIT, SAT_UNIT } from './unit.ts';

const NOW = unixMs(1_795_227_413_000);
const NOW_S = 1_795_227_413n;
const DAYS_90 = 90n * 86_400n;
const terms = (more: Partial<RotationTerms>): RotationTerms => ({
  ...{ unit: SAT_UNIT, inputFeePpk: 0n, finalExpiryS: undefined, amounts: [] },
  ...more,
});

test.each<[string, Partial<RotationTerms>, string | undefined]>([
  ['without an expiry of sat', {}, undefined],
  ['without an expiry of hash', { unit: HASH_UNIT }, 'FINAL_EXPIRY_TOO_SOON'],
  [
    'of hash in 90 days less a second',
    { unit: HASH_UNIT, finalExpiryS: NOW_S + DAYS_90 - 1n },
    'FINAL_EXPIRY_TOO_SOON',
  ],
  ['of hash in 90 days', { unit: HASH_UNIT, finalExpiryS: NOW_S + DAYS_90 }, undefined],
  ['of sat that is over', { finalExpiryS: NOW_S }, 'FINAL_EXPIRY_TOO_SOON'],
  ['of sat in a second', { finalExpiryS: NOW_S + 1n }, undefined],
  ['with powers of two', { amounts: [1n, 2n, 8n, 2n ** 31n] }, undefined],
  ['of sat with 2^32', { amounts: [1n, 2n ** 32n] }, 'AMOUNTS_INVALID'],
  ['of hash with 2^52', { unit: HASH_UNIT, finalExpiryS: NOW_S + DAYS_90, amounts: [2n ** 52n] }, undefined],
  ['of hash with 2^53', { unit: HASH_UNIT, finalExpiryS: NOW_S + DAYS_90, amounts: [2n ** 53n] }, 'AMOUNTS_INVALID'],
  ['with 3', { amounts: [1n, 2n, 3n] }, 'AMOUNTS_INVALID'],
  ['with 0', { amounts: [0n, 1n] }, 'AMOUNTS_INVALID'],
  ['in another order', { amounts: [2n, 1n] }, 'AMOUNTS_INVALID'],
  ['with an amount twice', { amounts: [1n, 1n] }, 'AMOUNTS_INVALID'],
])('a keyset %s', (_, more, fault) => {
  expect(faultOfRotation(terms(more), NOW)).toBe(fault);
});
