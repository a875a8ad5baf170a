import type { UnixMs } from '@assay/shared/kernel/clock';
import type { PaymentBackend } from '../payment-ports.ts';
import { paymentSeen } from '../telemetry.ts';
import type { CreditPorts } from './credit-payment.ts';
import { checkPayment } from './sweep-payments.ts';

/** For whoever asks about an unpaid quote. */
export interface PaymentChecks {
  /** Whether the backend was asked, so that the quote may have changed. */
  check(lookupId: string): Promise<boolean>;
}

/** Wallets poll; the backend is asked about one quote this often, and about so many quotes in that time. */
const EVERY_MS = 1_000;
const CHECKS_MAX = 100;

/** Without a backend nothing is ever asked. A backend that is away hinders nobody from reading what is stored. */
export function paymentChecks(ports: CreditPorts, backend: PaymentBackend | undefined): PaymentChecks {
  let asked = new Set<string>();
  let since: UnixMs = ports.clock.now();

  const mayAsk = (lookupId: string) => {
    if (Math.abs(ports.clock.now() - since) >= EVERY_MS) {
      asked = new Set();
      since = ports.clock.now();
    }
    if (asked.has(lookupId) || asked.size >= CHECKS_MAX) return false;
    asked.add(lookupId);
    return true;
  };
  return {
    check: async (lookupId) => {
      if (backend === undefined || !mayAsk(lookupId)) return false;
      try {
        await checkPayment({ ...ports, backend }, lookupId);
        return true;
      } catch {
        paymentSeen('fault');
        return false;
      }
    },
  };
}
