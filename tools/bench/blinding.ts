import { randomBytes } from 'node:crypto';
import secp256k1 from 'secp256k1';
import { type Bytes, bigintToBytes, concat, fromHex, lp, toHex, utf8 } from '@assay/shared/kernel/bytes';
import { hashToCurve } from '@assay/shared/kernel/cashu-curve';
import { sha256 } from '@assay/shared/kernel/hash';
import { publicKeyOf, schnorrSign } from '@assay/shared/kernel/schnorr';

// A wallet's side of NUT-00 and NUT-20 on native curves: a stock wallet would take longer than the mint that it measures.

/** An output, and what its wallet keeps to make a proof of the signature on it. */
export interface Blinded {
  readonly amount: number;
  /** B_, compressed, hex. */
  readonly point: string;
  readonly secret: string;
  readonly r: Bytes;
}

export interface Proof {
  readonly amount: number;
  readonly id: string;
  readonly secret: string;
  readonly C: string;
}

/** B_ = Y + r·G of a random secret. */
export function blind(amount: number): Blinded {
  const secret = toHex(randomBytes(32));
  const r = randomBytes(32);
  const point = secp256k1.publicKeyCombine([hashToCurve(utf8(secret)), publicKeyOf(r)], true);
  return { amount, point: toHex(point), secret, r };
}

/**
 * C = C_ − r·K.
 * @param signature C_ as the mint answered it, hex
 * @param key K of the amount, hex
 */
export function unblind({ amount, secret, r }: Blinded, signature: string, keyset: { id: string; key: string }): Proof {
  const rK = secp256k1.publicKeyTweakMul(fromHex(keyset.key), r, true);
  const point = secp256k1.publicKeyCombine([fromHex(signature), secp256k1.publicKeyNegate(rK, true)], true);
  return { amount, id: keyset.id, secret, C: toHex(point) };
}

/** The signature by which the key of a quote asks for outputs (NUT-20, version 1), hex. */
export function signMint(quote: string, outputs: readonly Blinded[], secret: Bytes): string {
  const fields = outputs.flatMap(({ amount, point }) => [lp(minimal(amount)), lp(fromHex(point))]);
  return toHex(schnorrSign(sha256(concat(utf8('Cashu_MintQuoteSig_v1'), lp(quote), ...fields)), secret));
}

function minimal(amount: number): Bytes {
  return bigintToBytes(BigInt(amount), Math.ceil(amount.toString(16).length / 2));
}
