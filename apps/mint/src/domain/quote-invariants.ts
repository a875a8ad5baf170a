import { sumAmounts } from '@assay/shared/kernel/money';
import { broken, type Broken } from './invariants.ts';
import { mintable, publicNaturalKey, type Quote } from './quote.ts';

/** What one operation took from a quote, as found in the operations. */
export interface TakenStep {
  readonly step: number;
  readonly amount: bigint;
}

/**
 * M1, M2, M9 of one quote, and its half of M5.
 * @param steps what the operations took from it, counted and not yet counted.
 */
export function quoteBreaches(quote: Quote, steps: readonly TakenStep[]): readonly Broken[] {
  // What is broken is told in logs, events and to every operator: never by the id of a quote that whoever knows it can mint.
  const scope = publicNaturalKey(quote.naturalKey);
  const counted = steps.filter(({ step }) => step < quote.issueCount);
  const issuedByOperations = counted.reduce((total, { amount }) => total + amount, 0n);
  const taken = steps.reduce((total, { amount }) => total + amount, 0n);
  return [
    ...counterBreaches(quote, scope),
    ...paymentBreaches(quote, scope),
    ...causeBreaches(quote, scope),
    ...broken(taken > quote.amountPaid, 'M1', scope, `${taken} taken of ${quote.amountPaid} paid`),
    ...broken(counted.length !== quote.issueCount, 'M5', scope, `${counted.length} of ${quote.issueCount} steps found`),
    ...broken(
      issuedByOperations !== quote.amountIssued,
      'M5',
      scope,
      `${quote.amountIssued} issued, ${issuedByOperations} in operations`,
    ),
    ...broken(quote.history.at(-1)?.state !== quote.state, 'M9', scope, `no record of becoming ${quote.state}`),
  ];
}

/** M1: an `ehash` quote is paid at most what was asked for; Lightning may bring more than that. */
function counterBreaches(quote: Quote, scope: string): readonly Broken[] {
  const { method, amountIssued, amountPaid, amountRequested, state } = quote;
  const isOrdered = amountIssued >= 0n && amountIssued <= amountPaid;
  const isWithin = method === 'bolt11' || amountPaid <= amountRequested;
  if (!isOrdered || !isWithin)
    return broken(true, 'M1', scope, `${amountIssued} issued, ${amountPaid} paid, ${amountRequested} asked`);
  return [
    ...broken(!isPaid(quote) && amountPaid !== 0n, 'M1', scope, `${state} with ${amountPaid} paid`),
    ...broken(isPaid(quote) && amountPaid === 0n, 'M1', scope, `${state} with nothing paid`),
    ...broken(
      isPaid(quote) && (mintable(quote) === 0n) !== (state === 'ISSUED'),
      'M1',
      scope,
      `${state} with ${amountIssued} issued`,
    ),
  ];
}

/** M2: the payments are what was paid, each once. */
function paymentBreaches({ payments, amountPaid }: Quote, scope: string): readonly Broken[] {
  const paid = sumAmounts(payments.map(({ amount }) => amount));
  const ids = new Set(payments.map(({ id }) => id));
  return broken(paid !== amountPaid || ids.size !== payments.length, 'M2', scope, `payments of ${paid}`);
}

/** M2: paid ⇔ there is what pays quotes of this method, and nothing that pays others. */
function causeBreaches(quote: Quote, scope: string): readonly Broken[] {
  const { method, state, verdict, fundToken, amountPaid } = quote;
  const [isAudited, isFunded] = [method === 'ehash', method === 'reward' || method === 'escrow'];
  const isForeign = (!isAudited && verdict !== undefined) || (!isFunded && fundToken !== undefined);
  return [
    ...broken(isForeign, 'M2', scope, `${method} with what pays another method`),
    ...broken(
      isAudited && isPaid(quote) !== isProven(quote),
      'M2',
      scope,
      `${state}, ${verdict?.result ?? 'no verdict'}`,
    ),
    ...broken(isAudited && isPaid(quote) && verdict?.credited !== amountPaid, 'M2', scope, `${amountPaid} paid`),
    ...broken(isFunded && isPaid(quote) !== isFromFund(quote), 'M2', scope, `${state} by no reservation of a fund`),
  ];
}

function isPaid({ state }: Quote): boolean {
  return state === 'PAID' || state === 'ISSUED';
}

function isProven({ verdict, batchHash }: Quote): boolean {
  return verdict?.result === 'VALID' && verdict.batchHash === batchHash;
}

function isFromFund({ fundToken, payments }: Quote): boolean {
  return fundToken !== undefined && payments.length === 1 && payments[0]?.id === `fund:${fundToken}`;
}
