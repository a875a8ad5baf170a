import { sumAmounts } from '@assay/shared/kernel/money';
import type { Check } from './checks.ts';
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

export interface MintSubject extends Sides {
  readonly level: IssuanceLevel;
  /** Method in the path. */
  readonly method: string;
  /** What the store has under the wallet's id. */
  readonly quote: Quote | undefined;
  /** Which message the request's signature covers; empty or undefined without a valid one. */
  readonly signedAs: () => Nut20Version | '' | undefined;
}

/**
 * The rows of 03-mint section 4.1 for a mint, in their order. The stored answer comes before them; signed outputs come
 * after them, in the flow.
 */
export const MINT_CHECKS: readonly Check<MintSubject>[] = [
  { row: 'counts', refuse: refuseCounts },
  { row: 'points', refuse: refusePoints },
  { row: 'paused', refuse: ({ level }) => (level === 'NONE' ? undefined : refusal('minting-disabled', 'paused')) },
  { row: 'quote', refuse: withQuote(() => undefined) },
  { row: 'quote-state', refuse: withQuote(refuseState) },
  { row: 'nut20', refuse: withQuote(refuseSignature) },
  { row: 'repeated-outputs', refuse: refuseRepeatedOutputs },
  { row: 'keysets', refuse: refuseKeysets },
  { row: 'units', refuse: withQuote((quote, subject) => refuseUnits(subject, quote.unit)) },
  { row: 'amounts', refuse: refuseAmounts },
  { row: 'balance', refuse: withQuote(refuseImbalance) },
];

/** An unknown quote and a quote of another method answer alike. */
function withQuote(refuse: (quote: Quote, subject: MintSubject) => Refusal | undefined) {
  return (subject: MintSubject) => {
    const { quote, method } = subject;
    return quote === undefined || quote.method !== method ? refusal('quote-unknown') : refuse(quote, subject);
  };
}

function refuseState(quote: Quote): Refusal | undefined {
  if (quote.amountPaid === 0n) return refusal('quote-not-paid', whyNotPaid(quote));
  return mintable(quote) === 0n ? refusal('quote-issued') : undefined;
}

function whyNotPaid({ state, auditCode }: Quote): string {
  if (state === 'PENDING') return 'audit pending';
  return state === 'FAILED' ? `audit failed: ${auditCode ?? 'no code'}` : 'not paid';
}

/** Every quote so far is locked; unlocked ones join with bolt11. */
function refuseSignature(_: Quote, { signedAs }: MintSubject): Refusal | undefined {
  return signedAs() ? undefined : refusal('quote-signature');
}

function refuseImbalance(quote: Quote, { outputs }: MintSubject): Refusal | undefined {
  const asked = sumAmounts(outputs.map(({ amount }) => amount));
  return asked >= 1n && asked <= mintable(quote)
    ? undefined
    : refusal('unbalanced', `outputs are ${asked}, mintable is ${mintable(quote)}`);
}
