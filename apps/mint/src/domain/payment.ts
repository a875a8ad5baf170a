import type { UnixMs } from '@assay/shared/kernel/clock';
import type { Amount } from '@assay/shared/kernel/money';
import { paidBy, type Quote } from './quote.ts';

/** Money that arrived for a quote; the same payment has the same id, for ever. */
export interface QuotePayment {
  readonly id: string;
  readonly amount: Amount;
}

/** `not-payable`: something else was faster, and a quote is paid once. */
export type PaymentDecision =
  { readonly do: 'pay'; readonly next: Quote } | { readonly do: 'nothing' } | { readonly do: 'refuse' };

/** UNPAID → PAID once per payment id, also after the expiry: the money is there. */
export function decidePayment(quote: Quote, payment: QuotePayment, now: UnixMs): PaymentDecision {
  if (quote.payments.some(({ id }) => id === payment.id)) return { do: 'nothing' };
  return quote.state === 'UNPAID' ? { do: 'pay', next: paidBy(quote, payment, now) } : { do: 'refuse' };
}
