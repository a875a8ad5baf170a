import { utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { toHex } from '@assay/shared/kernel/bytes';
import { present } from '@assay/shared/kernel/assert';
import type { Keyset } from '../src/domain/keyset.ts';
import type { ProofInput, SwapRequest } from '../src/domain/request.ts';
import { issueTokens, type IssueRequest } from '../src/flows/issue-tokens.ts';
import { swap } from '../src/flows/swap.ts';
import { type MemoryMint, QUOTE_ID } from './memory-mint.ts';
import { blind, type Blinded, signQuote, unblind } from './wallet-secrets.ts';

/** An op id of a request with this name. */
export function opId(name: string): string {
  return toHex(sha256(utf8(name)));
}

export function blinds(name: string, amounts: readonly bigint[], keyset: Pick<Keyset, 'id'>): readonly Blinded[] {
  return amounts.map((value, index) => blind(`${name}-${index}`, value, keyset));
}

/** A signed request to mint `amounts`; the name is its op id and the seed of its secrets. */
export function mintRequest(
  name: string,
  amounts: readonly bigint[],
  keyset: Pick<Keyset, 'id'>,
  { quoteId = QUOTE_ID, seed = name } = {},
): IssueRequest {
  const outputs = blinds(seed, amounts, keyset).map(({ output }) => output);
  return { opId: opId(name), method: 'ehash', quoteId, outputs, signature: signQuote(quoteId, outputs) };
}

export function swapRequest(
  name: string,
  inputs: readonly ProofInput[],
  amounts: readonly bigint[],
  keyset: Pick<Keyset, 'id'>,
): SwapRequest {
  return { inputs, outputs: blinds(name, amounts, keyset).map(({ output }) => output) };
}

/** Mints `amounts` and unblinds them. */
export async function mintProofs(
  { ports, keyset }: MemoryMint,
  name: string,
  amounts: readonly bigint[],
): Promise<readonly ProofInput[]> {
  const answer = await issueTokens(ports, mintRequest(name, amounts, keyset));
  if (!answer.ok) throw new Error(answer.error.detail);
  return proofsOf(blinds(name, amounts, keyset), answer.value, keyset);
}

export function proofsOf(
  blinded: readonly Blinded[],
  signatures: readonly { readonly b: string }[],
  keyset: Keyset,
): readonly ProofInput[] {
  return blinded.map((entry, index) => {
    const signature = present(signatures[index], 'signature');
    return unblind(entry, signature as Parameters<typeof unblind>[1], keyset);
  });
}

export function swapAs(mint: MemoryMint, name: string, request: SwapRequest) {
  return swap(mint.ports, opId(name), request);
}
