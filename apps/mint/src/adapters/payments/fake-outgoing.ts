import { present } from '@assay/shared/kernel/assert';
import { toHex } from '@assay/shared/kernel/bytes';
import { later } from '@assay/shared/kernel/clock';
import { amount } from '@assay/shared/kernel/money';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { duplicateIndexOf } from '@assay/shared/runtime/mongo';
import { setTimeout as wait } from 'node:timers/promises';
import { feeReserveOf, payableAmount } from '../../domain/outgoing-terms.ts';
import type {
  OutgoingAsked,
  OutgoingOptions,
  OutgoingPayment,
  OutgoingRefusal,
  OutgoingTerms,
} from '../../payment-ports.ts';
import { type ReadBolt11, readBolt11 } from './bolt11-text.ts';
import { type FakePorts, type OutgoingDocument, preimageOf } from './fake-ledger.ts';

const PAY_MS = 100;
const FEE = 1n;
/** Nobody can know the preimage of a request that nobody paid; wallets read this one as none. */
const NO_PREIMAGE = '0'.repeat(64);

export async function quoteOutgoing(
  ports: FakePorts,
  request: string,
  options: OutgoingOptions,
): Promise<Result<OutgoingTerms, OutgoingRefusal>> {
  const read = readBolt11(request);
  if (!read.ok) return err('bad-request');
  const paid = payableAmount(read.value.amountMsat, options);
  if (!paid.ok) return paid;
  const lookupId = toHex(read.value.paymentHash);
  const isOwn = (await ownRequest(ports, lookupId)) !== null;
  return ok({ amount: paid.value, feeReserve: isOwn ? amount(0n) : feeReserveOf(paid.value), lookupId });
}

export async function payOutgoing(ports: FakePorts, asked: OutgoingAsked): Promise<OutgoingPayment> {
  const read = readBolt11(asked.request);
  const payment = await begin(ports, asked, read.ok ? read.value : undefined);
  if (payment.payAt === undefined) return { is: 'FAILED' };
  const { payAt } = payment;
  if (read.ok) await payOwn(ports, toHex(read.value.paymentHash), payAt);
  await wait(Math.min(PAY_MS, Math.max(0, payAt.getTime() - ports.clock.now())));
  return paidOf(ports, payment);
}

export async function checkOutgoing(ports: FakePorts, opId: string): Promise<OutgoingPayment> {
  const payment = await ports.ledger.outgoing.findOne({ _id: opId });
  if (payment === null) return { is: 'NEVER_SEEN' };
  if (payment.payAt === undefined) return { is: 'FAILED' };
  return payment.payAt.getTime() > ports.clock.now() ? { is: 'UNKNOWN' } : paidOf(ports, payment);
}

/** The payment of this id: the stored one if there is one. It fails when its request is none, or was paid by another. */
async function begin(
  ports: FakePorts,
  { opId, request, amount: paid, feeMax }: OutgoingAsked,
  read: ReadBolt11 | undefined,
): Promise<OutgoingDocument> {
  const { outgoing } = ports.ledger;
  const failed: OutgoingDocument = { _id: opId, request, amount: paid, fee: 0n };
  if (read === undefined) return insertOnce(ports, failed);
  const lookupId = toHex(read.paymentHash);
  const isOwn = (await ownRequest(ports, lookupId)) !== null;
  const payment = {
    ...failed,
    fee: isOwn || feeMax < FEE ? 0n : FEE,
    payAt: new Date(later(ports.clock.now(), PAY_MS)),
    ...(isWhole(read, paid) ? { paidWhole: lookupId } : {}),
  };
  try {
    await outgoing.insertOne(payment);
    return payment;
  } catch (error) {
    if (duplicateIndexOf(error) === undefined) throw error;
    return insertOnce(ports, failed);
  }
}

async function insertOnce({ ledger: { outgoing } }: FakePorts, payment: OutgoingDocument): Promise<OutgoingDocument> {
  const { _id, ...fields } = payment;
  const stored = await outgoing.findOneAndUpdate(
    { _id },
    { $setOnInsert: fields },
    { upsert: true, returnDocument: 'after' },
  );
  return present(stored, 'an outgoing payment');
}

function isWhole({ amountMsat }: ReadBolt11, paid: bigint): boolean {
  return amountMsat === undefined || paid * 1_000n >= amountMsat;
}

async function paidOf(ports: FakePorts, { request, fee }: OutgoingDocument): Promise<OutgoingPayment> {
  const read = readBolt11(request);
  const own = read.ok ? await ownRequest(ports, toHex(read.value.paymentHash)) : null;
  return { is: 'PAID', preimage: own === null ? NO_PREIMAGE : toHex(preimageOf(own._id)), fee: amount(fee) };
}

/** A request of our own is paid by this, not by itself later. */
async function payOwn({ ledger }: FakePorts, lookupId: string, payAt: Date): Promise<void> {
  await ledger.incoming.updateOne({ lookupId, payAt: { $gt: payAt } }, { $set: { payAt } });
}

function ownRequest({ ledger }: FakePorts, lookupId: string) {
  return ledger.incoming.findOne({ lookupId });
}
