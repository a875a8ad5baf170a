import { present } from '@assay/shared/kernel/assert';
import type { Clock } from '@assay/shared/kernel/clock';
import { readAgain } from '@assay/shared/kernel/read-again';
import { decidePayment, type QuotePayment } from '../domain/payment.ts';
import type { Quote } from '../domain/quote.ts';
import type { Quotes } from '../ports.ts';
import type { IncomingPayment, PayableQuotes } from '../payment-ports.ts';
import { paymentSeen } from '../telemetry.ts';
import { commitSettled } from './commit-settled.ts';

export interface CreditPorts {
  readonly quoteStore: Quotes;
  readonly payable: PayableQuotes;
  readonly clock: Clock;
}

/** `unknown`: no quote has the request. `refused`: the quote was paid by something else before. */
export type CreditOutcome = 'paid' | 'repeated' | 'refused' | 'unknown';

/** What the backend received pays its quote, once, however often and by how many instances it is seen. */
export async function creditIncoming(ports: CreditPorts, payment: IncomingPayment): Promise<CreditOutcome> {
  const { lookupId, paymentId, amount } = payment;
  const quote = await ports.payable.findByLookupId(lookupId);
  const outcome =
    quote === undefined ? 'unknown' : await creditPayment(ports, quote, { id: `bolt11:${paymentId}`, amount });
  paymentSeen(outcome);
  return outcome;
}

/** UNPAID → PAID by this payment, exactly once. Also how a melt settles a request of this mint: id `melt:<op id>`. */
export function creditPayment(
  { quoteStore, clock }: Pick<CreditPorts, 'quoteStore' | 'clock'>,
  known: Quote,
  payment: QuotePayment,
): Promise<Exclude<CreditOutcome, 'unknown'>> {
  let quote = known;
  return readAgain(`the quote that ${payment.id} pays`, async () => {
    const decision = decidePayment(quote, payment, clock.now());
    if (decision.do === 'nothing') return 'repeated';
    if (decision.do === 'refuse') return 'refused';
    if (await commitSettled(quoteStore, quote, decision.next)) return 'paid';
    quote = present(await quoteStore.find(known.naturalKey), `the quote that ${payment.id} pays`);
    return 'stale';
  });
}
