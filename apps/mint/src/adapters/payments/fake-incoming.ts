import { fromHex, utf8 } from '@assay/shared/kernel/bytes';
import { later } from '@assay/shared/kernel/clock';
import { sha256 } from '@assay/shared/kernel/hash';
import { amount } from '@assay/shared/kernel/money';
import { duplicateIndexOf } from '@assay/shared/runtime/mongo';
import { present } from '@assay/shared/kernel/assert';
import { setInterval as ticks } from 'node:timers/promises';
import type { IncomingAsked, IncomingPayment, IncomingRequest } from '../../payment-ports.ts';
import { writeBolt11 } from './bolt11-text.ts';
import { type FakePorts, type IncomingDocument, lookupIdOf } from './fake-ledger.ts';

const NODE_SECRET = sha256(utf8('the node of the fake lightning'));
const FINAL_BLOCKS = 18n;
const POLL_MS = 100;
/** Clocks of instances differ, and inserts take their time: what is due is looked at for so long. */
const LOOK_BACK_MS = 2_000;
const DUE_MAX = 10_000;

export async function createIncoming(ports: FakePorts, asked: IncomingAsked): Promise<IncomingRequest> {
  const { incoming } = ports.ledger;
  const made = incomingOf(ports, asked);
  try {
    await incoming.insertOne(made);
    return made;
  } catch (error) {
    if (duplicateIndexOf(error) === undefined) throw error;
    return present(await incoming.findOne({ _id: asked.quoteKey }), 'an incoming request');
  }
}

export async function incomingPayments({ ledger, clock }: FakePorts, lookupId: string): Promise<IncomingPayment[]> {
  const found = await ledger.incoming.find({ lookupId, payAt: { $lte: new Date(clock.now()) } }).toArray();
  return found.map(paymentOf);
}

export async function* watchIncoming(ports: FakePorts, signal: AbortSignal): AsyncGenerator<IncomingPayment> {
  let told = new Set<string>();
  try {
    for await (const _ of ticks(POLL_MS, undefined, { signal })) {
      const due = await duePayments(ports);
      yield* due.filter(({ lookupId }) => !told.has(lookupId));
      told = new Set(due.map(({ lookupId }) => lookupId));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function duePayments({ ledger, clock }: FakePorts): Promise<IncomingPayment[]> {
  const now = clock.now();
  const due = { $gt: new Date(now - LOOK_BACK_MS), $lte: new Date(now) };
  return (await ledger.incoming.find({ payAt: due }).limit(DUE_MAX).toArray()).map(paymentOf);
}

function incomingOf({ clock, payDelayMs }: FakePorts, asked: IncomingAsked): IncomingDocument {
  const { quoteKey, description = '', expiry } = asked;
  const now = clock.now();
  const lookupId = lookupIdOf(quoteKey);
  const said = {
    amountSat: asked.amount,
    createdAtS: BigInt(Math.floor(now / 1_000)),
    expiryS: BigInt(Math.max(1, Math.ceil((expiry - now) / 1_000))),
    finalBlocks: FINAL_BLOCKS,
    paymentHash: fromHex(lookupId),
    paymentSecret: sha256(utf8(`fake lightning secret ${quoteKey}`)),
    description,
  };
  const request = writeBolt11(said, NODE_SECRET);
  return { _id: quoteKey, request, lookupId, amount: asked.amount, payAt: new Date(later(now, payDelayMs)) };
}

/** A request is paid once: its payment is named as it is. */
function paymentOf({ lookupId, amount: paid }: IncomingDocument): IncomingPayment {
  return { lookupId, paymentId: lookupId, amount: amount(paid) };
}
