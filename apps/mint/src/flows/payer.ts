import { present } from '@assay/shared/kernel/assert';
import type { Clock } from '@assay/shared/kernel/clock';
import { amount as amountOf } from '@assay/shared/kernel/money';
import { paymentIdOf, type PendingMelt } from '../domain/melt.ts';
import type { MeltQuote } from '../domain/melt-quote.ts';
import { depositTarget } from '../domain/melt-terms.ts';
import type { Quotes } from '../ports.ts';
import type { DepositCredits, OutgoingPayment, PaymentBackend } from '../payment-ports.ts';
import { creditPayment } from './credit-payment.ts';

export interface PayerPorts {
  readonly bolt11: { readonly backend: PaymentBackend } | undefined;
  readonly deposits: DepositCredits | undefined;
  readonly quoteStore: Quotes;
  readonly clock: Clock;
}

/** Who pays melts of one kind. Both answers are about one payment, whoever asks and however often. */
interface Payer {
  pay(): Promise<OutgoingPayment>;
  check(): Promise<OutgoingPayment>;
}

const PAID_INSIDE = { is: 'PAID', preimage: undefined, fee: amountOf(0n) } as const;

export function payerOf(ports: PayerPorts, melt: PendingMelt, quote: MeltQuote): Payer {
  if (quote.paysQuote !== undefined) return ownQuote(ports, melt, { ...quote, paysQuote: quote.paysQuote });
  return quote.method === 'deposit' ? deposit(ports, quote) : lightning(ports, melt, quote);
}

function lightning({ bolt11 }: PayerPorts, melt: PendingMelt, { request, amount, feeReserve }: MeltQuote): Payer {
  const { backend } = present(bolt11, 'payment backend of a quote that was made with one');
  const opId = paymentIdOf(melt);
  return {
    pay: () => backend.payOutgoing({ opId, request, amount, feeMax: feeReserve }),
    check: () => backend.checkOutgoing(opId),
  };
}

/**
 * Settled inside: the payment of the mint's own quote is the proof that it was paid. Nobody is told the preimage: the request
 * may still be paid over Lightning, and whoever forwards that payment could keep it.
 */
function ownQuote(
  ports: PayerPorts,
  melt: PendingMelt,
  { paysQuote, amount }: MeltQuote & { readonly paysQuote: string },
): Payer {
  const id = `melt:${paymentIdOf(melt)}`;
  const read = async () => present(await ports.quoteStore.find(paysQuote), 'quote that a melt pays');
  return {
    pay: async () => {
      const outcome = await creditPayment(ports, await read(), { id, amount });
      return outcome === 'refused' ? { is: 'FAILED' } : PAID_INSIDE;
    },
    check: async () => {
      const { state, payments } = await read();
      if (payments.some((payment) => payment.id === id)) return PAID_INSIDE;
      return { is: state === 'UNPAID' ? 'NEVER_SEEN' : 'FAILED' };
    },
  };
}

/** Credited once per melt quote, so asking is paying. */
function deposit({ deposits }: PayerPorts, { quote, request, amount }: MeltQuote): Payer {
  const credits = present(deposits, 'deposits of a quote that was made with them');
  const target = present(depositTarget(request), 'target of a deposit');
  return {
    pay: async () => {
      const outcome = await credits.credit({ depositId: quote, ...target, amount });
      return outcome === 'credited' ? PAID_INSIDE : { is: 'FAILED' };
    },
    check: async () => ({ is: 'NEVER_SEEN' }),
  };
}
