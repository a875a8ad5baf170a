import { amount } from '@assay/shared/kernel/money';
import { err, ok } from '@assay/shared/kernel/result';
import { SAT_UNIT } from '../src/domain/unit.ts';
import type {
  OutgoingAsked,
  OutgoingPayment,
  OutgoingRefusal,
  OutgoingTerms,
  PaymentBackend,
} from '../src/payment-ports.ts';

/** What a payment does: `throws` before the backend heard of it, or after it paid. */
export type Ending = 'PAID' | 'FAILED' | 'UNKNOWN' | 'throws-before' | 'throws-after';

export interface ScriptedPayments extends PaymentBackend {
  /** How payments end that begin from now on. */
  ends: Ending;
  /** How the payment of this id ends, where it is not as `ends` says. */
  endsOf: ((opId: string) => Ending) | undefined;
  /** Of every request that follows. */
  terms: Pick<OutgoingTerms, 'amount' | 'feeReserve'>;
  refuses: OutgoingRefusal | undefined;
  fee: bigint;
  /** Payments that left the node: each id once, whatever is asked. */
  readonly paid: OutgoingAsked[];
  readonly outgoing: Map<string, OutgoingPayment>;
  /** An UNKNOWN payment turns out to be this. */
  decide(opId: string, is: 'PAID' | 'FAILED'): void;
}

export const PREIMAGE = 'cd'.repeat(32);

/** A payment backend whose answers the test writes. Idempotent by payment id, and final, as every backend. */
export function scriptedPayments(): ScriptedPayments {
  const outgoing = new Map<string, OutgoingPayment>();
  const asked = new Map<string, OutgoingAsked>();
  const paid: OutgoingAsked[] = [];
  const script: ScriptedPayments = {
    ...{ ends: 'PAID', endsOf: undefined, refuses: undefined, fee: 1n, paid, outgoing },
    terms: { amount: amount(9n), feeReserve: amount(2n) },
    settings: { unit: SAT_UNIT, takesDescription: true, paysAmountless: true, paysParts: true },
    createIncoming: async ({ quoteKey }) => ({ request: `own:${quoteKey}`, lookupId: `own:${quoteKey}` }),
    watchIncoming: async function* () {},
    checkIncoming: async () => [],
    quoteOutgoing: async (request) =>
      script.refuses === undefined ? ok({ ...script.terms, lookupId: request }) : err(script.refuses),
    payOutgoing: async (payment) => {
      await new Promise((resolve) => setImmediate(resolve));
      const known = outgoing.get(payment.opId);
      if (known !== undefined) return known;
      const ends = script.endsOf?.(payment.opId) ?? script.ends;
      if (ends === 'throws-before') throw new Error('the node is away');
      asked.set(payment.opId, payment);
      if (ends === 'PAID' || ends === 'throws-after') script.decide(payment.opId, 'PAID');
      else outgoing.set(payment.opId, { is: ends });
      if (ends === 'throws-after') throw new Error('the node went away');
      return outgoing.get(payment.opId) ?? { is: 'UNKNOWN' };
    },
    checkOutgoing: async (opId) => outgoing.get(opId) ?? { is: 'NEVER_SEEN' },
    decide: (opId, is) => {
      const payment = asked.get(opId);
      if (payment === undefined) throw new Error('nobody asked for this payment');
      if (is === 'PAID') paid.push(payment);
      outgoing.set(opId, is === 'PAID' ? { is, preimage: PREIMAGE, fee: amount(script.fee) } : { is });
    },
  };
  return script;
}
