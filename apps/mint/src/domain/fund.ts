import type { UnixMs } from '@assay/shared/kernel/clock';
import { type Amount, amount, sumAmounts } from '@assay/shared/kernel/money';
import type { CountedOperation } from './operation.ts';
import type { Unit } from './unit.ts';

/** The most of one grant and of one quote that a fund pays (03-mint section 2). */
export const FUNDED_MAX = amount(2n ** 52n);

export const FUND_CAUSES = ['GRANT', 'REDEEM', 'DEPOSIT', 'PAYMENT'] as const;
export type FundCause = (typeof FUND_CAUSES)[number];

/** What a quote that is being made has reserved. */
export interface Reservation {
  /** Natural key of the quote. */
  readonly key: string;
  readonly amount: Amount;
  /** Fresh for each attempt: the quote that is stored names the one that it was paid by. */
  readonly token: string;
  readonly at: UnixMs;
}

/** What `reward` and `escrow` quotes of one unit may be paid from (03-mint section 10). */
export interface Fund {
  readonly unit: Unit;
  /** Ever put in. */
  readonly credited: Amount;
  /** Ever paid to quotes. */
  readonly paid: Amount;
  readonly pending: readonly Reservation[];
  /** Ids of the grants that were credited: each one counts once. */
  readonly grants: readonly string[];
  /** Number of the last chunk of operations that was credited. */
  readonly chunk: number;
  readonly version: number;
}

/** Ecash that an operation took in for the fund. */
export interface FundCredit {
  readonly cause: 'REDEEM' | 'DEPOSIT';
  /** Op id. */
  readonly id: string;
  readonly amount: Amount;
}

/** What of a committed operation is the fund's: ecash that left the mint for it. */
export function creditOf({ kind, method, opId, out }: CountedOperation): FundCredit | undefined {
  if (kind === 'REDEEM') return { cause: 'REDEEM', id: opId, amount: out };
  return kind === 'MELT' && method === 'deposit' ? { cause: 'DEPOSIT', id: opId, amount: out } : undefined;
}

export type FundChange =
  | ({ readonly do: 'reserve' } & Reservation)
  /** The quote is stored with this token. */
  | { readonly do: 'pay'; readonly token: string }
  /** No quote is stored with this token, and none will be. */
  | { readonly do: 'release'; readonly token: string }
  | { readonly do: 'grant'; readonly grantId: string; readonly amount: Amount }
  | { readonly do: 'chunk'; readonly number: number; readonly credits: readonly FundCredit[] };

/** `unchanged`: it was done before. */
export type FundOutcome = 'changed' | 'unchanged' | 'too-low' | 'full';

/** What others are told of a change, as the fund was after it. */
export interface FundFact extends Pick<Fund, 'unit' | 'credited' | 'paid' | 'version'> {
  readonly cause: FundCause;
  /** Grant id, op id, or natural key of the paid quote. */
  readonly id: string;
  readonly amount: Amount;
}

export interface FundStep {
  readonly fund: Fund;
  readonly outcome: FundOutcome;
  readonly facts: readonly FundFact[];
}

export const PENDING_MAX = 10_000;
export const GRANTS_MAX = 10_000;

export function emptyFund(unit: Unit): Fund {
  const nothing = amount(0n);
  return { unit, credited: nothing, paid: nothing, pending: [], grants: [], chunk: 0, version: 0 };
}

export function reservedIn({ pending }: Pick<Fund, 'pending'>): Amount {
  return sumAmounts(pending.map((reservation) => reservation.amount));
}

/** credited − paid − Σ pending: what may still be reserved. Never negative (M7). */
function availableIn(fund: Pick<Fund, 'credited' | 'paid' | 'pending'>): Amount {
  return amount(fund.credited - fund.paid - reservedIn(fund));
}

/** The fund after a change; repeating a change changes nothing. */
export function changeFund(fund: Fund, change: FundChange): FundStep {
  switch (change.do) {
    case 'reserve':
      return reserve(fund, change);
    case 'pay':
      return pay(fund, change.token);
    case 'release':
      return release(fund, change.token);
    case 'grant':
      return grant(fund, change);
    case 'chunk':
      return creditChunk(fund, change);
  }
}

function reserve(fund: Fund, { key, amount: asked, token, at }: Reservation): FundStep {
  if (hasToken(fund, token)) return same(fund);
  if (fund.pending.length >= PENDING_MAX) return same(fund, 'full');
  if (availableIn(fund) < asked) return same(fund, 'too-low');
  return next(fund, { pending: [...fund.pending, { key, amount: asked, token, at }] });
}

function pay(fund: Fund, token: string): FundStep {
  const reservation = fund.pending.find((each) => each.token === token);
  if (reservation === undefined) return same(fund);
  const paid = amount(fund.paid + reservation.amount);
  const { key: id, amount: value } = reservation;
  return next(fund, { paid, pending: without(fund, token) }, { cause: 'PAYMENT', id, amount: value });
}

function release(fund: Fund, token: string): FundStep {
  return hasToken(fund, token) ? next(fund, { pending: without(fund, token) }) : same(fund);
}

function grant(fund: Fund, { grantId: id, amount: value }: { grantId: string; amount: Amount }): FundStep {
  if (fund.grants.includes(id)) return same(fund);
  if (fund.grants.length >= GRANTS_MAX) return same(fund, 'full');
  const credited = amount(fund.credited + value);
  return next(fund, { credited, grants: [...fund.grants, id] }, { cause: 'GRANT', id, amount: value });
}

/** Chunks of operations have numbers that only grow, so each one is credited once. */
function creditChunk(
  fund: Fund,
  { number, credits }: { readonly number: number; readonly credits: readonly FundCredit[] },
): FundStep {
  if (number <= fund.chunk || credits.length === 0) return same(fund);
  const step: FundStep = { fund: { ...fund, chunk: number }, outcome: 'changed', facts: [] };
  return credits.reduce(({ fund: before, facts }, credit) => {
    const after = next(before, { credited: amount(before.credited + credit.amount) }, credit);
    return { ...after, facts: [...facts, ...after.facts] };
  }, step);
}

function next(fund: Fund, changed: Partial<Fund>, told?: Pick<FundFact, 'cause' | 'id' | 'amount'>): FundStep {
  const after = { ...fund, ...changed, version: fund.version + 1 };
  const { unit, credited, paid, version } = after;
  return { fund: after, outcome: 'changed', facts: told ? [{ ...told, unit, credited, paid, version }] : [] };
}

function same(fund: Fund, outcome: FundOutcome = 'unchanged'): FundStep {
  return { fund, outcome, facts: [] };
}

function hasToken({ pending }: Fund, token: string): boolean {
  return pending.some((reservation) => reservation.token === token);
}

function without({ pending }: Fund, token: string): readonly Reservation[] {
  return pending.filter((reservation) => reservation.token !== token);
}
