import { sumAmounts } from '@assay/shared/kernel/money';
import type { Amount } from '@assay/shared/kernel/money';
import { present } from '@assay/shared/kernel/assert';
import { type Check, finished, type Steps } from './checks.ts';
import type { IssuanceLevel } from './issuance-level.ts';
import type { Nut20Version } from './nut20.ts';
import { mintable, type Quote } from './quote.ts';
import { type Refusal, refusal } from './refusals.ts';
import {
  refuseAmounts,
  refuseCounts,
  refuseKeysets,
  refusePoints,
  refuseRepeatedOutputs,
  refuseUnits,
  type Sides,
} from './side-checks.ts';

/** One quote of a request. */
export interface QuoteClaim {
  readonly quoteId: string;
  /** What the store has under the wallet's id. */
  readonly quote: Quote | undefined;
  /** What a batch takes of it; undefined: all that is mintable. */
  readonly amount: Amount | undefined;
  readonly hasSignature: boolean;
  /** Which message the claim's signature covers; undefined without a valid one. */
  readonly signedAs: () => Nut20Version | undefined;
}

export interface MintSubject extends Sides {
  readonly level: IssuanceLevel;
  /** Method in the path. */
  readonly method: string;
  /** Of a single mint exactly one. */
  readonly claims: readonly QuoteClaim[];
  /** Quotes that one batch may name; undefined for a single mint. */
  readonly batchMax: number | undefined;
}

/**
 * The rows of 03-mint section 4.1 for a mint and a batch (NUT-29), in their order. The stored answer comes before them;
 * signed outputs come after them, in the flow.
 */
export const MINT_CHECKS: readonly Check<MintSubject>[] = [
  { row: 'counts', refuse: refuseCounts },
  { row: 'points', refuse: refusePoints },
  { row: 'paused', refuse: ({ level }) => (level === 'NONE' ? undefined : refusal('minting-disabled', 'paused')) },
  { row: 'quote-count', refuse: refuseQuoteCount },
  { row: 'repeated-quotes', refuse: refuseRepeatedQuotes },
  { row: 'quotes', refuse: refuseUnknownQuotes },
  { row: 'quote-units', refuse: (subject) => (unitsOf(subject).size > 1 ? refusal('several-units') : undefined) },
  { row: 'quote-state', refuse: ofEach(refuseState) },
  { row: 'nut20', refuse: (subject) => finished(signatureSteps(subject)), steps: signatureSteps },
  { row: 'repeated-outputs', refuse: refuseRepeatedOutputs },
  { row: 'keysets', refuse: refuseKeysets },
  { row: 'units', refuse: (subject) => refuseUnits(subject, present([...unitsOf(subject)][0], 'unit of a quote')) },
  { row: 'amounts', refuse: refuseAmounts },
  { row: 'balance', refuse: refuseImbalance },
];

/** What the request takes from each quote, in their order: a single mint what its outputs are worth. */
export function sharesOf({ claims, outputs, batchMax }: MintSubject): readonly Amount[] {
  if (batchMax === undefined) return [sumAmounts(outputs.map(({ amount }) => amount))];
  return claims.map(({ amount, quote }) => amount ?? mintable(present(quote, 'known quote')));
}

function refuseQuoteCount({ claims, batchMax }: MintSubject): Refusal | undefined {
  if (claims.length === 0) return refusal('bad-request', 'no quotes');
  const max = batchMax ?? 1;
  return claims.length > max ? refusal('batch-too-large', `more than ${max} quotes`) : undefined;
}

function refuseRepeatedQuotes({ claims }: MintSubject): Refusal | undefined {
  return new Set(claims.map(({ quoteId }) => quoteId)).size === claims.length ? undefined : refusal('repeated-quote');
}

/** An unknown quote and a quote of another method answer alike. */
function refuseUnknownQuotes({ claims, method }: MintSubject): Refusal | undefined {
  return claims.every(({ quote }) => quote?.method === method) ? undefined : refusal('quote-unknown');
}

function unitsOf({ claims }: MintSubject) {
  return new Set(claims.map(({ quote }) => present(quote, 'known quote').unit));
}

/** The first refusal of the quotes in their order. */
function ofEach(refuse: (quote: Quote, claim: QuoteClaim, subject: MintSubject) => Refusal | undefined) {
  return (subject: MintSubject) => {
    for (const claim of subject.claims) {
      const refused = refuse(present(claim.quote, 'known quote'), claim, subject);
      if (refused !== undefined) return refused;
    }
    return undefined;
  };
}

function refuseState(quote: Quote, _: QuoteClaim, { now }: MintSubject): Refusal | undefined {
  if (quote.amountPaid > 0n) return mintable(quote) === 0n ? refusal('quote-issued') : undefined;
  const isExpired = quote.state === 'UNPAID' && quote.expiry !== undefined && quote.expiry <= now;
  return isExpired ? refusal('quote-expired') : refusal('quote-not-paid', whyNotPaid(quote));
}

function whyNotPaid({ state, auditCode }: Quote): string {
  if (state === 'PENDING') return 'audit pending';
  return state === 'FAILED' ? `audit failed: ${auditCode ?? 'no code'}` : 'not paid';
}

/** A signature that nobody asked for is a mistake of the wallet only where signatures and quotes are told apart by place. */
function refuseSignature(
  { pubkey }: Quote,
  { hasSignature, signedAs }: QuoteClaim,
  { batchMax }: MintSubject,
): Refusal | undefined {
  if (pubkey !== undefined) return signedAs() === undefined ? refusal('quote-signature') : undefined;
  return hasSignature && batchMax !== undefined
    ? refusal('quote-signature', 'a signature for a quote without a key')
    : undefined;
}

/** One signature over a thousand outputs is milliseconds of work, and a batch may have a hundred. */
function* signatureSteps(subject: MintSubject): Steps {
  for (const [at, claim] of subject.claims.entries()) {
    if (at > 0) yield;
    const refused = refuseSignature(present(claim.quote, 'known quote'), claim, subject);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

/** Lightning is minted whole; of the others any part. */
function refuseImbalance(subject: MintSubject): Refusal | undefined {
  const asked = sumAmounts(subject.outputs.map(({ amount }) => amount));
  const shares = sharesOf(subject);
  for (const [at, share] of shares.entries()) {
    const quote = present(subject.claims[at]?.quote, 'known quote');
    const least = quote.method === 'bolt11' ? mintable(quote) : 1n;
    if (share < least || share > mintable(quote)) {
      return refusal('unbalanced', `${share} asked of a quote, mintable is ${mintable(quote)}`);
    }
  }
  const given = sumAmounts(shares);
  return asked === given ? undefined : refusal('unbalanced', `outputs are ${asked}, of the quotes ${given} are asked`);
}
