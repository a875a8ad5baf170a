import secp256k1 from 'secp256k1';
import { assert } from './assert.ts';
import { bigintFromBytes, bigintToBytes, type Bytes, bytesEqual, concat } from './bytes.ts';
import { taggedHash } from './hash.ts';

// BIP-340, composed of calls to the native libsecp256k1: about ten times the speed of a curve in JavaScript.

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const FIELD = 2n ** 256n - 2n ** 32n - 977n;
const ZERO_RANDOMNESS = new Uint8Array(32);

/** Whether `bytes` is a canonical compressed point of secp256k1 (33 bytes). */
export function isPublicKey(bytes: Bytes): boolean {
  return bytes.length === 33 && secp256k1.publicKeyVerify(bytes);
}

/** Compressed public key (33 bytes) of a 32-byte secret. */
export function publicKeyOf(secret: Bytes): Bytes {
  return secp256k1.publicKeyCreate(secret, true);
}

/** x-only public key (32 bytes) of a 32-byte secret. */
export function xOnlyPublicKeyOf(secret: Bytes): Bytes {
  return publicKeyOf(secret).subarray(1);
}

/**
 * BIP-340 signature (64 bytes) over 32 bytes.
 * @param auxiliary 32 bytes of randomness; zero makes the signature deterministic, which BIP-340 allows.
 */
export function schnorrSign(message: Bytes, secret: Bytes, auxiliary: Bytes = ZERO_RANDOMNESS): Bytes {
  assert(message.length === 32 && auxiliary.length === 32, 'schnorrSign takes 32-byte messages and randomness');
  const point = publicKeyOf(secret);
  const key = evenSecret(secret, point);
  const x = point.subarray(1);
  const mask = bigintFromBytes(taggedHash('BIP0340/aux', auxiliary));
  const masked = bigintToBytes(bigintFromBytes(key) ^ mask, 32);
  const nonce = bigintFromBytes(taggedHash('BIP0340/nonce', concat(masked, x, message))) % ORDER;
  assert(nonce !== 0n, 'the nonce of a BIP-340 signature is zero');
  const noncePoint = publicKeyOf(bigintToBytes(nonce, 32));
  const k = bigintFromBytes(evenSecret(bigintToBytes(nonce, 32), noncePoint));
  const r = noncePoint.subarray(1);
  const s = (k + challenge(r, x, message) * bigintFromBytes(key)) % ORDER;
  return concat(r, bigintToBytes(s, 32));
}

/** Whether `signature` (64 bytes) is a BIP-340 signature of `xOnlyKey` (32 bytes) over `message` (32 bytes). */
export function schnorrVerify(signature: Bytes, message: Bytes, xOnlyKey: Bytes): boolean {
  if (signature.length !== 64 || message.length !== 32 || xOnlyKey.length !== 32) return false;
  const r = signature.subarray(0, 32);
  const s = bigintFromBytes(signature.subarray(32));
  if (bigintFromBytes(r) >= FIELD || s >= ORDER) return false;
  const noncePoint = combine(s, challenge(r, xOnlyKey, message), xOnlyKey);
  return noncePoint !== undefined && noncePoint[0] === 2 && bytesEqual(noncePoint.subarray(1), r);
}

/**
 * s·G − e·P for the P of an even y, or undefined: no such P, or the point at infinity. What ECDSA recovers from (r, t) over
 * z is r⁻¹·(t·P − z·G) with P of x = r: one call to the native library that multiplies both points at once, where a
 * product and a sum are two that take a third longer.
 */
function combine(s: bigint, e: bigint, xOnlyKey: Bytes): Bytes | undefined {
  const x = bigintFromBytes(xOnlyKey);
  // No point has x = 0, and nobody has the key whose x is the order. Bit 1 says that x is above the order.
  const [r, recoveryId] = x < ORDER ? [x, 0] : [x - ORDER, 2];
  const t = ((ORDER - e) * r) % ORDER;
  const z = ((ORDER - s) * r) % ORDER;
  try {
    return secp256k1.ecdsaRecover(concat(bigintToBytes(r, 32), bigintToBytes(t, 32)), recoveryId, bigintToBytes(z, 32));
  } catch {
    // Nothing but that: lengths are right, scalars below the order, and e = 0 is as likely as a collision of sha256.
    return undefined;
  }
}

function challenge(r: Bytes, x: Bytes, message: Bytes): bigint {
  return bigintFromBytes(taggedHash('BIP0340/challenge', concat(r, x, message))) % ORDER;
}

/** The secret whose point has an even y. */
function evenSecret(secret: Bytes, point: Bytes): Bytes {
  return point[0] === 2 ? secret : bigintToBytes(ORDER - bigintFromBytes(secret), 32);
}
