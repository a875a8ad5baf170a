import { type Bytes, toHex, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { amount } from '@assay/shared/kernel/money';
import { publicKeyOf, schnorrSign } from '@assay/shared/kernel/schnorr';
import type { BlindedOutput, ProofInput } from '../src/domain/request.ts';
import { pointOfSecret } from '../src/domain/side-checks.ts';

/** Somebody with a key. */
export interface Signer {
  /** Compressed, lower-case hex. */
  readonly key: string;
  readonly secretKey: Bytes;
}

export function signer(name: string): Signer {
  const secretKey = sha256(utf8(`signer/${name}`));
  return { key: toHex(publicKeyOf(secretKey)), secretKey };
}

/** The same x with the other parity: the same signer. */
export function turned(key: string): string {
  return `${key.startsWith('02') ? '03' : '02'}${key.slice(2)}`;
}

export const PREIMAGE = '0f'.repeat(32);
export const PREIMAGE_HASH = toHex(sha256(Buffer.from(PREIMAGE, 'hex')));

/** The text of a conditional secret. */
export function lockedSecret(kind: string, data: unknown, tags: unknown = [], nonce: unknown = 'n'): string {
  return JSON.stringify([kind, { nonce, data, tags }]);
}

export function input(secret: string, witness?: string): ProofInput {
  return { amount: amount(1n), keyset: '00', secret, c: pointOfSecret(`c of ${secret}`), witness };
}

export function output(name: string, value = 1n): BlindedOutput {
  return { amount: amount(value), keyset: '00', b: pointOfSecret(name) };
}

/** Signatures over the sha of a text. */
export function signatures(text: string, signers: readonly Signer[]): string[] {
  return signers.map(({ secretKey }) => toHex(schnorrSign(sha256(utf8(text)), secretKey)));
}

/** As SIG_INPUTS wants it: each signer signs the input's secret. */
export function signed(secret: string, signers: readonly Signer[], preimage?: string): ProofInput {
  return input(secret, JSON.stringify({ signatures: signatures(secret, signers), preimage }));
}

/** As SIG_ALL wants it: the text of all inputs and outputs is signed in the first witness. */
export function signedForAll(
  inputs: readonly ProofInput[],
  outputs: readonly BlindedOutput[],
  signers: readonly Signer[],
  { preimage, meltQuoteId = '' }: { readonly preimage?: string; readonly meltQuoteId?: string } = {},
): ProofInput[] {
  const given = inputs.map(({ secret, c }) => secret + c).join('');
  const asked = outputs.map(({ amount: value, b }) => `${value}${b}`).join('');
  const witness = JSON.stringify({ signatures: signatures(given + asked + meltQuoteId, signers), preimage });
  return inputs.map((entry, index) => (index === 0 ? { ...entry, witness } : entry));
}
