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
  const point = concat(Uint8Array.of(2), xOnlyKey);
  const r = signature.subarray(0, 32);
  const s = bigintFromBytes(signature.subarray(32));
  if (!secp256k1.publicKeyVerify(point) || bigintFromBytes(r) >= FIELD || s >= ORDER) return false;
  const negatedChallenge = (ORDER - challenge(r, xOnlyKey, message)) % ORDER;
  const noncePoint = combine(s, negatedChallenge, point);
  return noncePoint !== undefined && noncePoint[0] === 2 && bytesEqual(noncePoint.subarray(1), r);
}

/** s·G + e·P, or undefined for the point at infinity. */
function combine(s: bigint, e: bigint, point: Bytes): Bytes | undefined {
  if (e === 0n) return s === 0n ? undefined : publicKeyOf(bigintToBytes(s, 32));
  const scaled = secp256k1.publicKeyTweakMul(point, bigintToBytes(e, 32), true);
  if (s === 0n) return scaled;
  try {
    return secp256k1.publicKeyTweakAdd(scaled, bigintToBytes(s, 32), true);
  } catch {
    // libsecp256k1 refuses a sum that is the point at infinity; nothing else is left to refuse here.
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
