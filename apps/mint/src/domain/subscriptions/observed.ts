import type { MeltQuote } from '../melt-quote.ts';
import type { PointHex } from '../operation.ts';
import type { Quote } from '../quote.ts';
import { FINAL_VERSION } from './delivery.ts';
import type { SubscriptionKind } from './kinds.ts';

export interface ObservedProof {
  readonly y: PointHex;
  readonly state: 'UNSPENT' | 'PENDING' | 'SPENT';
  readonly witness: string | undefined;
}

/** One thing that wallets may be subscribed to, as it is at one moment. */
export type Observed =
  | { readonly is: 'mint-quote'; readonly quote: Quote }
  | { readonly is: 'melt-quote'; readonly quote: MeltQuote }
  | { readonly is: 'proof'; readonly proof: ObservedProof };

/** A change that was just committed. */
export interface Change {
  readonly observed: Observed;
  /** Greater than that of the change before. */
  readonly version: number;
}

export function kindOf(observed: Observed): SubscriptionKind {
  switch (observed.is) {
    case 'mint-quote':
      return `${observed.quote.method}_mint_quote`;
    case 'melt-quote':
      return `${observed.quote.method}_melt_quote`;
    case 'proof':
      return 'proof_state';
  }
}

/** The filter that names it. */
export function filterOf(observed: Observed): string {
  return observed.is === 'proof' ? observed.proof.y : observed.quote.quote;
}

/**
 * The version that is stored with it. A proof has none until it is spent: whatever locks and frees it is no document of its
 * own.
 */
export function storedVersion(observed: Observed): number | undefined {
  if (observed.is !== 'proof') return observed.quote.version;
  return observed.proof.state === 'SPENT' ? FINAL_VERSION : undefined;
}
