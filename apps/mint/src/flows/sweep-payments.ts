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

export interface Swept {
  /** Where the next sweep goes on; undefined: from the beginning. */
  readonly next: QuotePosition | undefined;
  /** Of quotes that could not be asked about, or credited, now. */
  readonly faults: readonly unknown[];
}

/**
 * Asks the backend about the next unpaid quotes after `after`: what the stream of payments missed is found here. One that
 * fails does not keep the others waiting, neither of this sweep nor of the next ones.
 */
export async function sweepPayments(ports: SweepPorts, after: QuotePosition | undefined): Promise<Swept> {
  const createdFrom = unixMs(Math.max(0, ports.clock.now() - ports.ageMaxMs));
  const { quotes, next } = await ports.payable.listUnpaid({ createdFrom, after, limit: QUOTES_PER_SWEEP });
  const lookupIds = quotes.flatMap(({ lookupId }) => lookupId ?? []);
  const faults: unknown[] = [];
  for (let at = 0; at < lookupIds.length; at += AT_ONCE) {
    const checks = lookupIds.slice(at, at + AT_ONCE).map((lookupId) => checkPayment(ports, lookupId));
    const ended = await Promise.allSettled(checks);
    faults.push(...ended.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : [])));
  }
  return { next, faults };
}

/** Credits what the backend received for this request so far. */
export async function checkPayment(
  ports: CreditPorts & { readonly backend: PaymentBackend },
  lookupId: string,
): Promise<void> {
  for (const payment of await ports.backend.checkIncoming(lookupId)) await creditIncoming(ports, payment);
}
