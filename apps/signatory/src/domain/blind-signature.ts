import { type Bytes, bytesEqual, concat, utf8 } from '@assay/shared/kernel/bytes';
import { dleqChallenge, hashToCurve } from '@assay/shared/kernel/cashu-curve';
import secp256k1 from 'secp256k1';
import { firstScalar } from './scalar.ts';

const NONCE_TAG = utf8('Cashu_DLEQ_R_v1');

/** One output to sign, with the key of its amount. */
export interface SignJob {
  /** k, 32 bytes. */
  readonly secretKey: Bytes;
  /** A = k·G, uncompressed (65 bytes). */
  readonly publicKey: Bytes;
  /** B_, known to be on the curve; reading it costs a square root unless it is uncompressed (65 bytes). */
  readonly blindedMessage: Bytes;
}

/** One proof to verify, with the key of its amount. */
export interface VerifyJob {
  /** k, 32 bytes. */
  readonly secretKey: Bytes;
  /** The secret as its UTF-8 bytes. */
  readonly secret: Bytes;
  /** C, compressed (33 bytes). */
  readonly signature: Bytes;
}

export interface BlindSignature {
  /** C_ = k·B_, compressed (33 bytes). */
  readonly blindSignature: Bytes;
  /** DLEQ of NUT-12, 32 bytes each. */
  readonly e: Bytes;
  readonly s: Bytes;
}

/** C_ and its DLEQ proof. Deterministic: the same job gives the same bytes, so repeating a request reveals nothing new. */
export function signBlinded({ secretKey, publicKey, blindedMessage }: SignJob): BlindSignature {
  const blinded = secp256k1.publicKeyConvert(blindedMessage, false);
  const signature = secp256k1.publicKeyTweakMul(blinded, secretKey, false);
  const nonce = firstScalar(secretKey, concat(NONCE_TAG, publicKey, blinded, signature));
  const rG = secp256k1.publicKeyCreate(nonce, false);
  const rB = secp256k1.publicKeyTweakMul(blinded, nonce, false);
  const e = dleqChallenge(rG, rB, publicKey, signature);
  return { blindSignature: compressed(signature), e, s: response(nonce, e, secretKey) };
}

/** Whether k·hash_to_curve(secret) = C. */
export function verifiesProof({ secretKey, secret, signature }: VerifyJob): boolean {
  return bytesEqual(secp256k1.publicKeyTweakMul(hashToCurve(secret), secretKey, true), signature);
}

/** r + e·k mod n, by the native library, whose scalar arithmetic takes the same time for every secret. */
function response(nonce: Bytes, e: Bytes, secretKey: Bytes): Bytes {
  const product = secp256k1.privateKeyTweakMul(Uint8Array.from(secretKey), e);
  return secp256k1.privateKeyTweakAdd(product, nonce);
}

function compressed(point: Bytes): Bytes {
  const out = Uint8Array.from(point.subarray(0, 33));
  out[0] = 2 + ((point[64] ?? 0) & 1);
  return out;
}
