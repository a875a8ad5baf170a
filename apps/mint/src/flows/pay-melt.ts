import { present } from '@assay/shared/kernel/assert';
import { inSpan } from '@assay/shared/runtime/telemetry';
import { assertConserved, type OperationOutput } from '../domain/operation.ts';
import {
  changeOf,
  type CommittedMelt,
  committedMelt,
  overpaidBy,
  type Payment,
  type PendingMelt,
} from '../domain/melt.ts';
import type { MeltQuote } from '../domain/melt-quote.ts';
import type { Keysets, Projection, Signatory } from '../ports.ts';
import type { OutgoingPayment } from '../payment-ports.ts';
import { catchUpMeltQuote, followOwnMelt, type FollowPorts } from './catch-up-melt-quote.ts';
import { payerOf, type PayerPorts } from './payer.ts';

export interface PayMeltPorts extends FollowPorts, PayerPorts {
  readonly keysets: Keysets;
  readonly signatory: Signatory;
  readonly projection: Projection;
}

/** `paid`: the quote, when this call is what made it PAID. */
export interface MeltEnd {
  readonly isOver: boolean;
  readonly paid?: MeltQuote;
}

/** Asks the payer of a reserved melt to pay it, and ends it by the answer. Repeating it pays at most once. */
export async function payMelt(ports: PayMeltPorts, melt: PendingMelt, quote: MeltQuote): Promise<MeltEnd> {
  const { method } = quote;
  const payment = await inSpan('mint.pay', { attributes: { method } }, () => payerOf(ports, melt, quote).pay());
  return endMelt(ports, melt, quote, payment);
}

/** COMMITTED or FAILED by a definite answer about the payment; anything else leaves it PENDING. */
export async function endMelt(
  ports: PayMeltPorts,
  melt: PendingMelt,
  quote: MeltQuote,
  payment: OutgoingPayment,
): Promise<MeltEnd> {
  if (payment.is === 'PAID') {
    const committed = await commitPaid(ports, melt, quote, payment);
    if (committed !== undefined) return { isOver: true, paid: await followOwnMelt(ports, quote, committed) };
  } else if (payment.is === 'FAILED') await ports.melts.release(melt);
  else return { isOver: false };
  await catchUpMeltQuote(ports, quote.quote);
  return { isOver: true };
}

/** Undefined when somebody else ended the melt. */
async function commitPaid(
  ports: PayMeltPorts,
  melt: PendingMelt,
  quote: MeltQuote,
  paid: Payment,
): Promise<CommittedMelt | undefined> {
  const change = await signChange(ports, melt, quote, paid);
  const uncommitted = committedMelt(melt, quote, { paid, change });
  assertConserved(uncommitted);
  const { preimage } = paid;
  const isMine = await inSpan('mint.commit', {}, () => ports.melts.commit(melt, uncommitted, preimage));
  if (!isMine) return undefined;
  ports.projection.wake();
  const operation = { ...uncommitted, committedAt: ports.clock.now() };
  return { ...melt, state: 'COMMITTED', blanks: [], version: melt.version + 1, operation, preimage };
}

/** The keyset was active when the outputs were reserved; after a rotation the signatory still signs them, for a time. */
async function signChange(
  { keysets, signatory }: PayMeltPorts,
  melt: PendingMelt,
  quote: MeltQuote,
  paid: Payment,
): Promise<readonly OperationOutput[]> {
  const [first] = melt.blanks;
  if (first === undefined) return [];
  const denominations = present(keysets.get(first.keyset), 'keyset of reserved outputs').keys.keys();
  const amounts = changeOf(melt, overpaidBy(melt, quote, paid.fee), denominations);
  if (amounts.length === 0) return [];
  const outputs = amounts.map((amount, index) => ({ ...present(melt.blanks[index], 'blank output'), amount }));
  const signed = await inSpan('mint.sign', { attributes: { outputs: outputs.length } }, () =>
    signatory.blindSign(outputs),
  );
  if (signed.ok) return signed.value;
  // For good: the grace of a retired keyset is over. The payment is made all the same, and what was overpaid is surplus.
  if (signed.error === 'keyset-inactive') return [];
  throw new Error(`the change of a paid melt was not signed: ${signed.error}`);
}
