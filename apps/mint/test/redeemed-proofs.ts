import { present } from '@assay/shared/kernel/assert';
import { encode } from 'cborg';
import type { Proof } from '@assay/proto/gen/assay/mint/v1/mint_service';
import type { Keyset } from '../src/domain/keyset.ts';
import type { ProofInput } from '../src/domain/request.ts';
import { memoryKeysets, memorySignatory } from './memory-keys.ts';
import { blinds, proofsOf } from './requests.ts';

/** Ecash that the keyset signed, whoever asked for it. */
export async function ecash(keyset: Keyset, name: string, amounts: readonly bigint[]): Promise<readonly ProofInput[]> {
  const blinded = blinds(name, amounts, keyset);
  const signatory = memorySignatory(memoryKeysets([{ ...keyset, active: true }]));
  const signed = await signatory.blindSign(blinded.map(({ output }) => output));
  if (!signed.ok) throw new Error(signed.error);
  return proofsOf(blinded, signed.value, keyset);
}

export function wireProof({ amount, keyset, secret, c, witness }: ProofInput): Proof {
  return { keysetId: keyset, amount, secret, c: Buffer.from(c, 'hex'), witness: witness ?? '' };
}

export function tokenA(proofs: readonly ProofInput[]): string {
  const written = proofs.map(({ amount, keyset, secret, c }) => ({ amount: Number(amount), id: keyset, secret, C: c }));
  const text = JSON.stringify({ token: [{ mint: 'https://mint.example', proofs: written }], unit: 'hash' });
  return `cashuA${Buffer.from(text).toString('base64url')}`;
}

/** With the short id of the keyset, as wallets write it. */
export function tokenB(proofs: readonly ProofInput[]): string {
  const { keyset } = present(proofs[0], 'proof');
  const written = proofs.map(({ amount, secret, c }) => ({ a: Number(amount), s: secret, c: Buffer.from(c, 'hex') }));
  const content = {
    m: 'https://mint.example',
    u: 'hash',
    t: [{ i: Buffer.from(keyset, 'hex').subarray(0, 8), p: written }],
  };
  return `cashuB${Buffer.from(encode(content)).toString('base64url')}`;
}
