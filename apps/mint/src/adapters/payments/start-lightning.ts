import type { ServiceContext } from '@assay/shared/runtime/service';
import type { Db } from 'mongodb';
import { setTimeout as wait } from 'node:timers/promises';
import type { Bolt11Rules } from '../../domain/bolt11-quote.ts';
import type { Bolt11Offer } from '../../flows/create-bolt11-quote.ts';
import { creditIncoming, type CreditPorts } from '../../flows/credit-payment.ts';
import { type PaymentChecks, paymentChecks } from '../../flows/payment-checks.ts';
import { sweepPayments, type SweepPorts } from '../../flows/sweep-payments.ts';
import type { QuotePosition } from '../../ports.ts';
import { connectPayments, type PaymentOptions } from './connect-payments.ts';

const FAULTS_TOLD = 5;
const SWEEP_EVERY_MS = 5_000;
const AGAIN_AFTER_MS = 1_000;
/** A payment on its way at the expiry arrives long before. */
const AFTER_EXPIRY_MS = 86_400_000;

/** What wallets are offered of Lightning, and what they may ask of it. */
export interface LightningPorts {
  readonly bolt11: Bolt11Offer | undefined;
  readonly payments: PaymentChecks;
}

/**
 * The configured payment backend, and its payments credited as it tells them, and by asking about unpaid quotes again and
 * again; every instance does.
 * @throws StartError for a backend that may not be used
 */
export async function startLightning(
  context: ServiceContext,
  db: Db,
  ports: CreditPorts,
  options: PaymentOptions & { readonly rules: Bolt11Rules },
): Promise<LightningPorts> {
  const backend = await connectPayments(context, db, options);
  const payments = paymentChecks(ports, backend);
  if (backend === undefined) return { bolt11: undefined, payments };
  const { rules } = options;
  creditPayments(context, { ...ports, backend, ageMaxMs: rules.ttlMs + AFTER_EXPIRY_MS });
  return { bolt11: { backend, rules }, payments };
}

function creditPayments(context: ServiceContext, ports: SweepPorts): void {
  const ended = new AbortController();
  const following = follow(context, ports, ended.signal);
  context.onStop('work', 'payments', async () => {
    ended.abort();
    await following;
  });
  let after: QuotePosition | undefined;
  context.every('payments', SWEEP_EVERY_MS, async () => {
    const { next, faults } = await sweepPayments(ports, after);
    after = next;
    if (faults.length > 0)
      throw new AggregateError(faults.slice(0, FAULTS_TOLD), `${faults.length} quotes were not asked about`);
  });
}

async function follow({ log }: ServiceContext, ports: SweepPorts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const payment of ports.backend.watchIncoming(signal)) await creditIncoming(ports, payment);
    } catch (error) {
      log.warn({ err: error }, 'payments are not told: they are followed again, and asked for meanwhile');
    }
    await wait(AGAIN_AFTER_MS, undefined, { signal }).catch(() => undefined);
  }
}
