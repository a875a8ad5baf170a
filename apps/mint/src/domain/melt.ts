import { assert } from '@assay/shared/kernel/assert';
import type { UnixMs } from '@assay/shared/kernel/clock';
import type { Machine } from '@assay/shared/kernel/machine';
import { type Amount, amount as amountOf, sumAmounts } from '@assay/shared/kernel/money';
import { changeAmounts } from './change.ts';
import type { MeltQuote } from './melt-quote.ts';
import type {
  MeltMethod,
  Operation,
  OperationInput,
  OperationOutput,
  PointHex,
  UncommittedOperation,
} from './operation.ts';
import type { StoredTrace } from './quote.ts';
import type { Unit } from './unit.ts';

export type MeltState = 'PENDING' | 'COMMITTED' | 'FAILED';
export type MeltEvent = 'paid' | 'failed' | 'pay-again';

/** The operation of a melt (03-mint section 4). PENDING ends by the payment backend's answer only. */
export const MELT = {
  PENDING: { paid: 'COMMITTED', failed: 'FAILED' },
  FAILED: { 'pay-again': 'PENDING' },
  COMMITTED: {},
} as const satisfies Machine<MeltState, MeltEvent>;

/** An output that the mint may sign as change, of an amount not known yet (NUT-08). */
export interface BlankOutput {
  readonly b: PointHex;
  readonly keyset: string;
}

/** A melt on its way to the store. */
export interface MeltIntent {
  readonly opId: string;
  readonly method: MeltMethod;
  readonly unit: Unit;
  readonly meltQuoteId: string;
  readonly paymentKey: string;
  readonly inputs: readonly OperationInput[];
  /** Reserved while PENDING, in the order of the request. */
  readonly blanks: readonly BlankOutput[];
  /** Input fee. */
  readonly fee: Amount;
  readonly trace: StoredTrace | undefined;
}

interface StoredIntent extends MeltIntent {
  /** 1, and one more each time the wallet tries again after a definite failure. */
  readonly attempt: number;
  readonly updatedAt: UnixMs;
  readonly version: number;
}

/** Inputs locked, blank outputs reserved. */
export interface PendingMelt extends StoredIntent {
  readonly state: 'PENDING';
}

/** Inputs and blank outputs are free again. */
export interface FailedMelt extends StoredIntent {
  readonly state: 'FAILED';
}

export interface CommittedMelt extends StoredIntent {
  readonly state: 'COMMITTED';
  readonly operation: Operation;
  readonly preimage: string | undefined;
}

export type Melt = PendingMelt | FailedMelt | CommittedMelt;

/** What the payment cost. */
export interface Payment {
  readonly fee: Amount;
  readonly preimage: string | undefined;
}

/**
 * Idempotency key towards the payment backend. A failure is final for its key, so a wallet that tries again after one
 * pays under a new one.
 */
export function paymentIdOf({ opId, attempt }: Pick<Melt, 'opId' | 'attempt'>): string {
  return attempt === 1 ? opId : `${opId}-${attempt}`;
}

/** What of the inputs is neither fee nor payment. A backend that took more than the reserve took it from the mint. */
export function overpaidBy(
  { inputs, fee }: Pick<MeltIntent, 'inputs' | 'fee'>,
  { amount, feeReserve }: Pick<MeltQuote, 'amount' | 'feeReserve'>,
  paidFee: Amount,
): Amount {
  const given = sumAmounts(inputs.map((input) => input.amount));
  return amountOf(given - fee - amount - lesser(paidFee, feeReserve));
}

/** Amounts that the first blank outputs are signed with, ascending. */
export function changeOf(melt: PendingMelt, overpaid: Amount, denominations: Iterable<Amount>): readonly Amount[] {
  return changeAmounts(overpaid, melt.blanks.length, denominations);
}

/** The operation of a melt whose payment succeeded. */
export function committedMelt(
  melt: PendingMelt,
  quote: MeltQuote,
  { paid, change }: { readonly paid: Payment; readonly change: readonly OperationOutput[] },
): UncommittedOperation {
  const { opId, method, unit, inputs, fee, trace } = melt;
  const returned = sumAmounts(change.map(({ amount }) => amount));
  const overpaid = overpaidBy(melt, quote, paid.fee);
  assert(returned <= overpaid, `melt ${opId}: ${returned} of change for ${overpaid} overpaid`);
  return {
    opId,
    kind: 'MELT',
    method,
    unit,
    inputs,
    outputs: change,
    quotes: [],
    fee,
    out: amountOf(quote.amount + lesser(paid.fee, quote.feeReserve)),
    surplus: amountOf(overpaid - returned),
    trace,
  };
}

function lesser(a: Amount, b: Amount): Amount {
  return a < b ? a : b;
}
