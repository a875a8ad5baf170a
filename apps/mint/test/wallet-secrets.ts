import { fromHex, toHex, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { amount } from '@assay/shared/kernel/money';
import { publicKeyOf, schnorrSign } from '@assay/shared/kernel/schnorr';
import secp256k1 from 'secp256k1';
import type { Keyset } from '../src/domain/keyset.ts';
import { NUT20_MESSAGES } from '../src/domain/nut20.ts';
import type { OperationOutput } from '../src/domain/operation.ts';
import type { BlindedOutput, ProofInput } from '../src/domain/request.ts';
import { pointHex, pointOfSecret } from '../src/domain/side-checks.ts';

export const WALLET_SECRET = fromHex('03'.padStart(64, '0'));
export const WALLET_KEY = toHex(publicKeyOf(WALLET_SECRET));

/** A blinded message and what its wallet keeps. */
export interface Blinded {
  readonly output: BlindedOutput;
  readonly secret: string;
  readonly r: Uint8Array;
}

/** B_ = Y + r·G; everything follows from the secret. */
export function blind(secret: string, value: bigint, keyset: Pick<Keyset, 'id'>): Blinded {
  const r = sha256(utf8(`r/${secret}`));
  const b = secp256k1.publicKeyCombine([fromHex(pointOfSecret(secret)), publicKeyOf(r)], true);
  return { output: { amount: amount(value), keyset: keyset.id, b: pointHex(b) }, secret, r };
}

/** C = C_ − r·K. */
export function unblind({ secret, r }: Blinded, { c, amount: value }: OperationOutput, keyset: Keyset): ProofInput {
  const key = fromHex(keyset.keys.get(value) ?? '');
  const minusRK = secp256k1.publicKeyNegate(secp256k1.publicKeyTweakMul(key, r, true), true);
  const point = secp256k1.publicKeyCombine([fromHex(c), minusRK], true);
  return { amount: value, keyset: keyset.id, secret, c: pointHex(point), witness: undefined };
}

/** Denominations of `value`, ascending. */
export function denominationsOf(value: bigint): bigint[] {
  return [...value.toString(2)].reverse().flatMap((bit, exponent) => (bit === '1' ? [2n ** BigInt(exponent)] : []));
}

/** As text: the mint's key, the wallet's key and, where there is one, the timestamp. */
export function signLookup(mintPubkey: string, timestamp: bigint | '' = ''): string {
  const message = sha256(utf8(`Cashu_MintQuoteLookup_v1${mintPubkey}${WALLET_KEY}${timestamp}`));
  return toHex(schnorrSign(message, WALLET_SECRET));
}

export function signQuote(
  quoteId: string,
  outputs: readonly BlindedOutput[],
  version: keyof typeof NUT20_MESSAGES = 'v1',
  secret = WALLET_SECRET,
): string {
  return toHex(schnorrSign(NUT20_MESSAGES[version](quoteId, outputs), secret));
}
