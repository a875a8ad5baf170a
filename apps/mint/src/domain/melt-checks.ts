import { present } from '@assay/shared/kernel/assert';
import type { UnixMs } from '@assay/shared/kernel/clock';
import { amount, sumAmounts } from '@assay/shared/kernel/money';
import type { Check } from './checks.ts';
import { feeOf } from './fees.ts';
import type { IssuanceLevel } from './issuance-level.ts';
import type { MeltQuote } from './melt-quote.ts';
import type { MeltState } from './melt.ts';
import type { Quote } from './quote.ts';
import { type Refusal, refusal } from './refusals.ts';
import {
  pointSteps,
  refuseInputAmounts,
  refuseKeysets,
  refusePoints,
  refuseRepeatedInputs,
  refuseRepeatedOutputs,
  refuseTooMany,
  refuseUnitsOfMelt,
  type Sides,
} from './side-checks.ts';
import { conditionSteps, refuseConditions } from './spending-conditions/refuse-conditions.ts';

/** `outputs` are the blank ones: their amounts are the wallet's placeholders. */
export interface MeltSubject extends Sides {
  readonly level: IssuanceLevel;
  /** Method in the path. */
  readonly method: string;
  /** What the store has under the wallet's id, as its operations say. */
  readonly quote: MeltQuote | undefined;
  /** State of another quote's melt that pays the same request. */
  readonly rival: MeltState | undefined;
  /** The quote of this mint that the melt pays, where the request is its own. */
  readonly pays: Quote | undefined;
}

/**
 * The rows of 03-mint section 4.1 for a melt, in their order. The stored answer comes before them; the signatory's
 * verification, spent inputs and signed outputs come after them, in the flow.
 */
export const MELT_CHECKS: readonly Check<MeltSubject>[] = [
  {
    row: 'counts',
    refuse: (subject) => (subject.inputs.length === 0 ? refusal('bad-request', 'no inputs') : refuseTooMany(subject)),
  },
  { row: 'points', refuse: refusePoints, steps: pointSteps },
  { row: 'paused', refuse: ({ level }) => (level === 'ALL' ? refusal('paused') : undefined) },
  { row: 'quote', refuse: withQuote(() => undefined) },
  { row: 'quote-state', refuse: withQuote(refuseState) },
  { row: 'repeated-inputs', refuse: refuseRepeatedInputs },
  { row: 'repeated-outputs', refuse: refuseRepeatedOutputs },
  { row: 'keysets', refuse: refuseKeysets },
  { row: 'units', refuse: withQuote((quote, subject) => refuseUnitsOfMelt(subject, quote.unit)) },
  { row: 'amounts', refuse: refuseInputAmounts },
  { row: 'balance', refuse: withQuote(refuseTooLittle) },
  {
    row: 'spending-conditions',
    refuse: (subject) => refuseConditions({ ...subject, meltQuoteId: present(subject.quote, 'checked quote').quote }),
    steps: (subject) => conditionSteps({ ...subject, meltQuoteId: present(subject.quote, 'checked quote').quote }),
  },
];

/** An unknown quote and a quote of another method answer alike. */
function withQuote(refuse: (quote: MeltQuote, subject: MeltSubject) => Refusal | undefined) {
  return (subject: MeltSubject) => {
    const { quote, method } = subject;
    return quote === undefined || quote.method !== method ? refusal('quote-unknown') : refuse(quote, subject);
  };
}

function refuseState({ state, expiry }: MeltQuote, { now, rival, pays }: MeltSubject): Refusal | undefined {
  if (state === 'PENDING' || rival === 'PENDING') return refusal('quote-pending');
  if (state === 'PAID' || rival === 'COMMITTED') return refusal('request-paid');
  if (now >= expiry) return refusal('quote-expired');
  return pays && refuseOwnRequest(pays, now);
}

/** A request of this mint is settled inside, by one payment, while its quote waits for it. */
export function refuseOwnRequest({ state, expiry }: Quote, now: UnixMs): Refusal | undefined {
  if (state !== 'UNPAID') return refusal('request-paid');
  return expiry !== undefined && now >= expiry ? refusal('quote-expired', 'the request is expired') : undefined;
}

function refuseTooLittle(quote: MeltQuote, { inputs, keysetOf }: MeltSubject): Refusal | undefined {
  const given = sumAmounts(inputs.map((input) => input.amount));
  const needed = amount(quote.amount + quote.feeReserve + feeOf(inputs, keysetOf));
  return given >= needed ? undefined : refusal('unbalanced', `inputs are ${given}, needed are ${needed}`);
}
