import { present } from '@assay/shared/kernel/assert';
import { fromHex, toHex, utf8 } from '@assay/shared/kernel/bytes';
import type { Clock } from '@assay/shared/kernel/clock';
import { sha256 } from '@assay/shared/kernel/hash';
import { amount } from '@assay/shared/kernel/money';
import { err, ok } from '@assay/shared/kernel/result';
import { setTimeout as wait } from 'node:timers/promises';
import { readBolt11, writeBolt11 } from '../src/adapters/payments/bolt11-text.ts';
import { feeReserveOf, payableAmount } from '../src/domain/outgoing-terms.ts';
import { SAT_UNIT } from '../src/domain/unit.ts';
import type {
  IncomingAsked,
  IncomingPayment,
  OutgoingPayment,
  PaymentBackend,
  PaymentSettings,
} from '../src/payment-ports.ts';

const NODE_SECRET = sha256(utf8('the node of the tests'));
const TURN_MS = 5;

const SETTINGS: PaymentSettings = {
  ...{ unit: SAT_UNIT, takesDescription: true, paysAmountless: true, paysParts: true },
};

interface Request {
  readonly request: string;
  readonly lookupId: string;
  readonly quoteKey: string;
  readonly amount: bigint;
  payments: IncomingPayment[];
}

/** What a backend knows; several instances may stand before one store. */
export interface PaymentStore {
  readonly requests: Map<string, Request>;
  readonly outgoing: Map<string, OutgoingPayment>;
  readonly paidWhole: Set<string>;
  /** How payments end that begin from now on. */
  ends: 'PAID' | 'FAILED' | 'UNKNOWN';
}

export function paymentStore(): PaymentStore {
  return { requests: new Map(), outgoing: new Map(), paidWhole: new Set(), ends: 'PAID' };
}

/** Money for one of our requests arrives; the same id is the same payment. */
export function payIncoming({ requests }: PaymentStore, lookupId: string, paymentId = lookupId, paid?: bigint): void {
  const request = present(
    [...requests.values()].find((known) => known.lookupId === lookupId),
    'request',
  );
  if (request.payments.some((known) => known.paymentId === paymentId)) return;
  request.payments.push({ lookupId, paymentId, amount: amount(paid ?? request.amount) });
}

/** A Lightning backend whose payments arrive and end as the test says. Passes the contract of every backend. */
export function memoryPayments(store: PaymentStore, clock: Clock): PaymentBackend {
  const own = (lookupId: string) => [...store.requests.values()].find((known) => known.lookupId === lookupId);
  return {
    settings: SETTINGS,
    createIncoming: async (asked) => {
      const known = store.requests.get(asked.quoteKey) ?? requestOf(asked, clock);
      store.requests.set(asked.quoteKey, known);
      return known;
    },
    watchIncoming: (signal) => watch(store, signal),
    checkIncoming: async (lookupId) => [...(own(lookupId)?.payments ?? [])],
    quoteOutgoing: async (request, options) => {
      const read = readBolt11(request);
      if (!read.ok) return err('bad-request');
      const paid = payableAmount(read.value.amountMsat, options);
      if (!paid.ok) return paid;
      const lookupId = toHex(read.value.paymentHash);
      const feeReserve = own(lookupId) === undefined ? feeReserveOf(paid.value) : amount(0n);
      return ok({ amount: paid.value, feeReserve, lookupId });
    },
    payOutgoing: async ({ opId, request, amount: paid }) => {
      const read = readBolt11(request);
      const known = store.outgoing.get(opId) ?? (read.ok ? begin(store, read.value, paid) : { is: 'FAILED' as const });
      store.outgoing.set(opId, known);
      return known;
    },
    checkOutgoing: async (opId) => store.outgoing.get(opId) ?? { is: 'NEVER_SEEN' },
  };
}

function requestOf({ quoteKey, amount: asked, description = '', expiry }: IncomingAsked, clock: Clock): Request {
  const lookupId = toHex(sha256(preimageOf(quoteKey)));
  const said = {
    amountSat: asked,
    createdAtS: BigInt(Math.floor(clock.now() / 1_000)),
    expiryS: BigInt(Math.ceil((expiry - clock.now()) / 1_000)),
    paymentHash: fromHex(lookupId),
    paymentSecret: sha256(utf8(quoteKey)),
    description,
  };
  return { request: writeBolt11(said, NODE_SECRET), lookupId, quoteKey, amount: asked, payments: [] };
}

function begin(
  store: PaymentStore,
  read: { readonly amountMsat: bigint | undefined; readonly paymentHash: Uint8Array },
  paid: bigint,
): OutgoingPayment {
  const lookupId = toHex(read.paymentHash);
  if (store.ends !== 'PAID' || store.paidWhole.has(lookupId))
    return { is: store.ends === 'UNKNOWN' ? 'UNKNOWN' : 'FAILED' };
  if (paid * 1_000n >= (read.amountMsat ?? 0n)) store.paidWhole.add(lookupId);
  const own = [...store.requests.values()].find((known) => known.lookupId === lookupId);
  if (own === undefined) return { is: 'PAID', preimage: '0'.repeat(64), fee: amount(1n) };
  payIncoming(store, lookupId);
  return { is: 'PAID', preimage: toHex(preimageOf(own.quoteKey)), fee: amount(0n) };
}

async function* watch({ requests }: PaymentStore, signal: AbortSignal): AsyncGenerator<IncomingPayment> {
  const told = new Set<string>();
  while (!signal.aborted) {
    for (const payment of [...requests.values()].flatMap(({ payments }) => payments)) {
      if (told.has(payment.paymentId)) continue;
      told.add(payment.paymentId);
      yield payment;
    }
    await wait(TURN_MS, undefined, { signal }).catch(() => undefined);
  }
}

function preimageOf(quoteKey: string): Uint8Array {
  return sha256(utf8(`preimage ${quoteKey}`));
}
