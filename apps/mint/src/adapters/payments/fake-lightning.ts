import { SAT_UNIT } from '../../domain/unit.ts';
import type { PaymentBackend, PaymentSettings } from '../../payment-ports.ts';
import { createIncoming, incomingPayments, watchIncoming } from './fake-incoming.ts';
import { checkOutgoing, payOutgoing, quoteOutgoing } from './fake-outgoing.ts';
import type { FakePorts } from './fake-ledger.ts';

const SETTINGS: PaymentSettings = {
  unit: SAT_UNIT,
  takesDescription: true,
  paysAmountless: true,
  paysParts: true,
};

/**
 * Lightning without money (03-mint section 9): requests pay themselves, payments succeed. For development and foreign test
 * suites. All that it knows is in the database, so that repeats mean the same at every instance and after every restart.
 */
export function fakeLightning(ports: FakePorts): PaymentBackend {
  return {
    settings: SETTINGS,
    createIncoming: (asked) => createIncoming(ports, asked),
    watchIncoming: (signal) => watchIncoming(ports, signal),
    checkIncoming: (lookupId) => incomingPayments(ports, lookupId),
    quoteOutgoing: (request, options) => quoteOutgoing(ports, request, options),
    payOutgoing: (payment) => payOutgoing(ports, payment),
    checkOutgoing: (opId) => checkOutgoing(ports, opId),
  };
}
