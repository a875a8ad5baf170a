import { AssertionFailure } from '@assay/shared/kernel/assert';
import { type Bytes, concat, u8 } from '@assay/shared/kernel/bytes';
import secp256k1 from 'secp256k1';
import { hmacSha256 } from './hmac.ts';

/** The first of HMAC(key, message ‖ u8(0)), HMAC(key, message ‖ u8(1)), … that is a scalar k with 0 < k < n (32 bytes). */
export function firstScalar(key: Bytes, message: Bytes): Bytes {
  for (let counter = 0; counter <= 0xff; counter += 1) {
    const candidate = hmacSha256(key, concat(message, u8(counter)));
    if (secp256k1.privateKeyVerify(candidate)) return candidate;
  }
  throw new AssertionFailure('256 HMACs in a row were outside of the group order');
}
