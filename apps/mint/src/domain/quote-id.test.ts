import { unixMs } from '@assay/shared/kernel/clock';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { uuidV7 } from './quote-id.ts';

test('a quote id is a UUIDv7 of its instant and 74 random bits', () => {
  const zeros = uuidV7(unixMs(0x0198_f1c0_7e8a), new Uint8Array(10));
  const ones = uuidV7(unixMs(0x0198_f1c0_7e8a), new Uint8Array(10).fill(0xff));
  expect(zeros).toBe('0198f1c0-7e8a-7000-8000-000000000000');
  expect(ones).toBe('0198f1c0-7e8a-7fff-bfff-ffffffffffff');
});

test('ids of later instants sort later', () => {
  const time = fc.integer({ min: 0, max: 2 ** 47 });
  const random = fc.uint8Array({ minLength: 10, maxLength: 10 });
  fc.assert(
    fc.property(time, time, random, random, (a, b, first, second) => {
      fc.pre(a < b);
      expect(uuidV7(unixMs(a), first) < uuidV7(unixMs(b), second)).toBe(true);
    }),
  );
});
