import { bigintFromBytes, toHex } from '@assay/shared/kernel/bytes';
import fc from 'fast-check';
import { test } from 'vitest';
import { firstScalar } from './scalar.ts';

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

test('a derived scalar is within the group order and the same every time', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 64 }), fc.uint8Array({ maxLength: 64 }), (key, message) => {
      const scalar = firstScalar(key, message);
      const value = bigintFromBytes(scalar);
      return value > 0n && value < ORDER && toHex(firstScalar(key, message)) === toHex(scalar);
    }),
  );
});
