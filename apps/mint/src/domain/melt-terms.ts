import type { UnixMs } from '@assay/shared/kernel/clock';
import { type Amount, QUOTE_AMOUNT_MAX } from '@assay/shared/kernel/money';
import { refuseOwnRequest } from './melt-checks.ts';
import type { Quote } from './quote.ts';
import { type Refusal, refusal } from './refusals.ts';
import type { Unit } from './unit.ts';

/** NUT-05: what a wallet wants paid. */
export interface MeltQuoteRequest {
  /** BOLT-11 text, or `<account key hex>:<asset>`. */
  readonly request: string;
  readonly unit: Unit;
  /** Of a deposit: requests of Lightning carry their own. */
  readonly amount: Amount | undefined;
  /** NUT-15, msat. */
  readonly partMsat: bigint | undefined;
  /** For a request without amount, msat. */
  readonly amountlessMsat: bigint | undefined;
}

/** As configured. */
export interface MeltRules {
  /** Of Lightning, as for quotes that are paid by it. */
  readonly amountMin: Amount;
  readonly amountMax: Amount;
  /** Life of an unpaid quote. */
  readonly ttlMs: number;
}

/** Whom a deposit is credited to. */
export interface DepositTarget {
  /** x-only account key, 64 lower-case hex digits. */
  readonly account: string;
  readonly asset: string;
}

export function depositTarget(request: string): DepositTarget | undefined {
  const [, account, asset] = /^([0-9a-f]{64}):([\x21-\x7e]{1,64})$/i.exec(request) ?? [];
  return account === undefined || asset === undefined ? undefined : { account: account.toLowerCase(), asset };
}

export function refuseMeltAmount(value: Amount, { amountMin, amountMax }: MeltRules): Refusal | undefined {
  return value >= amountMin && value <= amountMax
    ? undefined
    : refusal('amount-outside-limit', `amount is not ${amountMin} to ${amountMax}`);
}

export function refuseDepositAmount(value: Amount | undefined): Refusal | undefined {
  if (value === undefined) return refusal('bad-request', 'amount is no amount');
  return value >= 1n && value <= QUOTE_AMOUNT_MAX ? undefined : refusal('amount-outside-limit', 'amount is 0');
}

/** Why a request of this mint itself cannot be settled by `paid`: all of it, while its quote waits. */
export function refuseOwnTerms(own: Quote, paid: Amount, now: UnixMs): Refusal | undefined {
  return (
    refuseOwnRequest(own, now) ??
    (paid === own.amountRequested ? undefined : refusal('amount-differs', 'a request of this mint is paid whole'))
  );
}
