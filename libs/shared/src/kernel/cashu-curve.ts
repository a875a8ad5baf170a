import { createRequire } from 'node:module';
import secp256k1 from 'secp256k1';
import { assert } from './assert.ts';
import { type Bytes, bytesEqual, concat, toHex, u32le, utf8 } from './bytes.ts';
import { sha256 } from './hash.ts';
import { isPublicKey } from './schnorr.ts';

const DOMAIN_SEPARATOR = utf8('Secp256k1_HashToCurve_Cashu_');
/** Half of all x are on the curve: running out of these is as likely as finding a hash collision. */
const HASH_TO_CURVE_MAX_TRIES = 65_536;

/** A DLEQ proof of NUT-12: two scalars of 32 bytes. */
export interface Dleq {
  readonly e: Bytes;
  readonly s: Bytes;
}

/** What a DLEQ proof speaks about; compressed points of 33 bytes. */
export interface DleqStatement {
  /** A, the public key of the amount. */
  readonly publicKey: Bytes;
  /** B_. */
  readonly blindedMessage: Bytes;
  /** C_ = k·B_. */
  readonly blindSignature: Bytes;
}

/** Everything that a keyset id of version 2 commits to. */
export interface KeysetContent {
  /** Amount → compressed public key (33 bytes). */
  readonly keys: ReadonlyMap<bigint, Bytes>;
  readonly unit: string;
  readonly inputFeePpk: bigint;
  /** Unix seconds; undefined or 0 = never. */
  readonly finalExpiry: bigint | undefined;
}

/**
 * The npm package `secp256k1` falls back to JavaScript without a word (twelve times slower, not constant in time).
 * @throws Error when its native binding was not loaded.
 */
export function assertNativeCurve(): void {
  const load = createRequire(import.meta.url);
  let native: unknown;
  try {
    native = load('secp256k1/bindings.js');
  } catch (cause) {
    throw new Error('the native binding of secp256k1 cannot be loaded on this machine', { cause });
  }
  if (native !== secp256k1) throw new Error('secp256k1 runs on its JavaScript fallback');
}

/** NUT-00: Y, the point (33 bytes, compressed) of a secret given as its UTF-8 bytes. */
export function hashToCurve(secret: Bytes): Bytes {
  const message = sha256(DOMAIN_SEPARATOR, secret);
  for (let counter = 0; counter < HASH_TO_CURVE_MAX_TRIES; counter += 1) {
    const point = concat(Uint8Array.of(2), sha256(message, u32le(counter)));
    if (secp256k1.publicKeyVerify(point)) return point;
  }
  throw new Error('no point found for a secret');
}

/** The 65 bytes of a compressed point (33 bytes), or undefined when it is none. One square root, as it takes to verify it. */
export function uncompressedPoint(bytes: Bytes): Bytes | undefined {
  if (bytes.length !== 33) return undefined;
  try {
    return secp256k1.publicKeyConvert(bytes, false);
  } catch {
    return undefined;
  }
}

/** NUT-12: e = sha of the four points as text, uncompressed (each 65 bytes, 130 lower-case hex digits). */
export function dleqChallenge(rG: Bytes, rB: Bytes, publicKey: Bytes, blindSignature: Bytes): Bytes {
  const text = toHex(rG) + toHex(rB) + toHex(publicKey) + toHex(blindSignature);
  assert(text.length === 4 * 130, 'a DLEQ challenge is over four uncompressed points');
  return sha256(utf8(text));
}

/** NUT-12, the receiver of a blind signature: whether C_ was made with the private key of A. False for anything malformed. */
export function verifyDleq(statement: DleqStatement, { e, s }: Dleq): boolean {
  const { publicKey, blindedMessage, blindSignature } = statement;
  const wellFormed = isScalar(e) && isScalar(s) && [publicKey, blindedMessage, blindSignature].every(isPublicKey);
  if (!wellFormed) return false;
  const minusE = secp256k1.privateKeyNegate(Uint8Array.from(e));
  const rG = sumOf(secp256k1.publicKeyCreate(s, false), scaled(publicKey, minusE));
  const rB = sumOf(scaled(blindedMessage, s), scaled(blindSignature, minusE));
  if (rG === undefined || rB === undefined) return false;
  return bytesEqual(dleqChallenge(rG, rB, uncompressed(publicKey), uncompressed(blindSignature)), e);
}

/** NUT-02, version 1: "00" and 14 hex digits. Only verified for imported keysets, never made for new ones. */
export function keysetIdV1(keys: ReadonlyMap<bigint, Bytes>): string {
  const ascending = ascendingKeys(keys).map(([, key]) => key);
  return `00${toHex(sha256(concat(...ascending))).slice(0, 14)}`;
}

/** NUT-02, version 2: "01" and 64 hex digits over keys, unit, fee and expiry. */
export function keysetIdV2({ keys, unit, inputFeePpk, finalExpiry }: KeysetContent): string {
  const list = ascendingKeys(keys).map(([amount, key]) => `${amount}:${toHex(key)}`);
  const fee = inputFeePpk === 0n ? '' : `|input_fee_ppk:${inputFeePpk}`;
  const expiry = finalExpiry === undefined || finalExpiry === 0n ? '' : `|final_expiry:${finalExpiry}`;
  return `01${toHex(sha256(utf8(`${list.join(',')}|unit:${unit.toLowerCase()}${fee}${expiry}`)))}`;
}

/**
 * Whether a keyset's id (lower-case hex) follows from its content, by the rule of the id's version: 00 or 01. Ids of any
 * other version follow from nothing.
 */
export function isKeysetIdOf(id: string, content: KeysetContent): boolean {
  if (id.startsWith('00')) return id === keysetIdV1(content.keys);
  return id.startsWith('01') && id === keysetIdV2(content);
}

function ascendingKeys(keys: ReadonlyMap<bigint, Bytes>): [bigint, Bytes][] {
  return [...keys].sort(([left], [right]) => (left < right ? -1 : 1));
}

function isScalar(bytes: Bytes): boolean {
  return bytes.length === 32 && secp256k1.privateKeyVerify(bytes);
}

function uncompressed(point: Bytes): Bytes {
  return secp256k1.publicKeyConvert(point, false);
}

function scaled(point: Bytes, scalar: Bytes): Bytes {
  return secp256k1.publicKeyTweakMul(point, scalar, false);
}

function sumOf(a: Bytes, b: Bytes): Bytes | undefined {
  try {
    return secp256k1.publicKeyCombine([a, b], false);
  } catch {
    // libsecp256k1 refuses a sum that is the point at infinity; both summands are valid points.
    return undefined;
  }
}
