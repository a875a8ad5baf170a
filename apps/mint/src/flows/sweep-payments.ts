import { unixMs } from '@assay/shared/kernel/clock';
import type { QuotePosition } from '../ports.ts';
import type { PaymentBackend } from '../payment-ports.ts';
import { creditIncoming, type CreditPorts } from './credit-payment.ts';

export interface SweepPorts extends CreditPorts {
  readonly backend: PaymentBackend;
  /** Quotes that are older are not asked about: their requests cannot be paid any more. */
  readonly ageMaxMs: number;
}

const QUOTES_PER_SWEEP = 200;
const AT_ONCE = 16;

/**
 * Asks the backend about the next unpaid quotes after `after`: what the stream of payments missed is found here.
 * @returns where the next sweep goes on; undefined: from the beginning
 */
export async function sweepPayments(
  ports: SweepPorts,
  after: QuotePosition | undefined,
): Promise<QuotePosition | undefined> {
  const createdFrom = unixMs(Math.max(0, ports.clock.now() - ports.ageMaxMs));
  const { quotes, next } = await ports.payable.listUnpaid({ createdFrom, after, limit: QUOTES_PER_SWEEP });
  const lookupIds = quotes.flatMap(({ lookupId }) => lookupId ?? []);
  for (let at = 0; at < lookupIds.length; at += AT_ONCE) {
    await Promise.all(lookupIds.slice(at, at + AT_ONCE).map((lookupId) => checkPayment(ports, lookupId)));
  }
  return next;
}

/** Credits what the backend received for this request so far. */
export async function checkPayment(
  ports: CreditPorts & { readonly backend: PaymentBackend },
  lookupId: string,
): Promise<void> {
  for (const payment of await ports.backend.checkIncoming(lookupId)) await creditIncoming(ports, payment);
}
