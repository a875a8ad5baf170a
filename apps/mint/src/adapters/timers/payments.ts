import type { ServiceContext } from '@assay/shared/runtime/service';
import { setTimeout as wait } from 'node:timers/promises';
import type { Bolt11Rules } from '../../domain/bolt11-quote.ts';
import type { Bolt11Offer } from '../../flows/create-bolt11-quote.ts';
import { creditIncoming, type CreditPorts } from '../../flows/credit-payment.ts';
import { type PaymentChecks, paymentChecks } from '../../flows/payment-checks.ts';
import { sweepPayments } from '../../flows/sweep-payments.ts';
import type { QuotePosition } from '../../ports.ts';
import type { PaymentBackend } from '../../payment-ports.ts';

const SWEEP_EVERY_MS = 5_000;
const AGAIN_AFTER_MS = 1_000;
/** A payment on its way at the expiry arrives long before. */
const AFTER_EXPIRY_MS = 86_400_000;

/** What wallets are offered of Lightning, and what they may ask of it. */
export interface LightningPorts {
  readonly bolt11: Bolt11Offer | undefined;
  readonly payments: PaymentChecks;
}

/** Credits payments as the backend tells them, and by asking about unpaid quotes again and again; every instance does. */
export function startPayments(
  context: ServiceContext,
  ports: CreditPorts,
  backend: PaymentBackend | undefined,
  rules: Bolt11Rules,
): LightningPorts {
  const payments = paymentChecks(ports, backend);
  if (backend === undefined) return { bolt11: undefined, payments };
  const ended = new AbortController();
  const following = follow(context, { ...ports, backend }, ended.signal);
  context.onStop('work', 'payments', async () => {
    ended.abort();
    await following;
  });
  let after: QuotePosition | undefined;
  const swept = { ...ports, backend, ageMaxMs: rules.ttlMs + AFTER_EXPIRY_MS };
  context.every('payments', SWEEP_EVERY_MS, async () => {
    after = await sweepPayments(swept, after);
  });
  return { bolt11: { backend, rules }, payments };
}

async function follow(
  { log }: ServiceContext,
  ports: CreditPorts & { readonly backend: PaymentBackend },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const payment of ports.backend.watchIncoming(signal)) await creditIncoming(ports, payment);
    } catch (error) {
      log.warn({ err: error }, 'payments are not told: they are followed again, and asked for meanwhile');
    }
    await wait(AGAIN_AFTER_MS, undefined, { signal }).catch(() => undefined);
  }
}
