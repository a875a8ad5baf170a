import { toHex, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import type { MeltMethod } from '../operation.ts';
import type { QuoteMethod } from '../quote.ts';

export type MintQuoteKind = `${QuoteMethod}_mint_quote`;
export type MeltQuoteKind = `${MeltMethod}_melt_quote`;
/** What a wallet may subscribe to (NUT-17, 03-mint section 8). */
export type SubscriptionKind = MintQuoteKind | MeltQuoteKind | 'proof_state';

/** What the filters of a kind name: quotes of one method by their ids, or proofs by their Y. */
export type KindMeaning =
  | { readonly of: 'mint-quotes'; readonly method: QuoteMethod }
  | { readonly of: 'melt-quotes'; readonly method: MeltMethod }
  | { readonly of: 'proofs' };

export const KINDS: Readonly<Record<SubscriptionKind, KindMeaning>> = {
  ehash_mint_quote: { of: 'mint-quotes', method: 'ehash' },
  reward_mint_quote: { of: 'mint-quotes', method: 'reward' },
  escrow_mint_quote: { of: 'mint-quotes', method: 'escrow' },
  bolt11_mint_quote: { of: 'mint-quotes', method: 'bolt11' },
  bolt11_melt_quote: { of: 'melt-quotes', method: 'bolt11' },
  deposit_melt_quote: { of: 'melt-quotes', method: 'deposit' },
  proof_state: { of: 'proofs' },
};

const SHARDS = 64;

export function parseKind(text: string): SubscriptionKind | undefined {
  return Object.hasOwn(KINDS, text) ? (text as SubscriptionKind) : undefined;
}

/** Names a filter where its own text must not be: 64 hex digits. */
export function filterHash(filter: string): string {
  return toHex(sha256(utf8(filter)));
}

/** 0..63: the first byte of the filter's hash, mod 64. */
export function shardOf(hash: string): number {
  return parseInt(hash.slice(0, 2), 16) % SHARDS;
}
