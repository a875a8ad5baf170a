import { assert } from '@assay/shared/kernel/assert';
import { toHex, utf8 } from '@assay/shared/kernel/bytes';
import { unixMs, type UnixMs } from '@assay/shared/kernel/clock';
import { sha256 } from '@assay/shared/kernel/hash';
import { type Machine, step } from '@assay/shared/kernel/machine';
import { amount, type Amount } from '@assay/shared/kernel/money';
import { HASH_UNIT, type Unit } from './unit.ts';
import type { Verdict } from './verdict-hash.ts';

export const QUOTE_METHODS = ['ehash', 'reward', 'escrow', 'bolt11'] as const;

export type QuoteMethod = (typeof QUOTE_METHODS)[number];
export type QuoteState = 'PENDING' | 'UNPAID' | 'PAID' | 'FAILED' | 'ISSUED';
export type QuoteEvent =
  'verdict-valid' | 'verdict-invalid' | 'batch-dead-lettered' | 'payment' | 'issue-part' | 'issue-all';

/** 03-mint section 3. FAILED and ISSUED are terminal; no clock moves a quote to PAID. */
export const QUOTE = {
  PENDING: { 'verdict-valid': 'PAID', 'verdict-invalid': 'FAILED', 'batch-dead-lettered': 'PENDING' },
  UNPAID: { payment: 'PAID' },
  PAID: { 'issue-part': 'PAID', 'issue-all': 'ISSUED' },
  FAILED: {},
  ISSUED: {},
} as const satisfies Machine<QuoteState, QuoteEvent>;

/** W3C trace context of the span that wrote the quote last; later spans of the share continue it. */
export interface StoredTrace {
  readonly traceparent: string;
  readonly tracestate?: string;
}

export interface QuoteVerdict {
  /** Hex. */
  readonly hash: string;
  readonly result: 'VALID' | 'INVALID';
  readonly batchHash: string;
  readonly credited: Amount;
  readonly auditorKey: string;
  readonly decidedAt: UnixMs;
}

export interface QuoteChange {
  readonly event: 'created' | QuoteEvent;
  readonly state: QuoteState;
  readonly at: UnixMs;
}

/** Facts about a quote that others are told. */
export type QuoteFact = 'created' | 'paid' | 'failed' | 'issued';

const FACTS: Readonly<Record<QuoteChange['event'], QuoteFact | undefined>> = {
  created: 'created',
  'verdict-valid': 'paid',
  'verdict-invalid': 'failed',
  'batch-dead-lettered': undefined,
  payment: 'paid',
  'issue-part': 'issued',
  'issue-all': 'issued',
};

export interface Quote {
  /** `ehash:<pool_id>/<batch_id>`, `reward:<reference>`, `escrow:<reference>`, `bolt11:<quote>`: one cause has one quote. */
  readonly naturalKey: string;
  /** The id that wallets know: UUIDv7, never derived from the natural key. */
  readonly quote: string;
  readonly method: QuoteMethod;
  readonly unit: Unit;
  /** Compressed key (66 hex digits) that locks the quote (NUT-20); of `ehash` judged by the auditor, not here. */
  readonly pubkey: string | undefined;
  readonly state: QuoteState;
  readonly amountRequested: Amount;
  readonly amountPaid: Amount;
  readonly amountIssued: Amount;
  /** Mint operations counted so far; the next one takes step `issueCount`. */
  readonly issueCount: number;
  readonly auditCode: string | undefined;
  readonly auditNote: 'DEAD_LETTERED' | undefined;
  /** The batch of an `ehash` quote. */
  readonly batchHash: string | undefined;
  readonly poolId: string | undefined;
  readonly batchId: string | undefined;
  /** What the maker of the quote calls it; none of `bolt11`. */
  readonly reference: string | undefined;
  /** What a wallet has to pay (`bolt11`); the others show their natural key. */
  readonly request: string | undefined;
  /** The payment backend's name of the request. */
  readonly lookupId: string | undefined;
  /** Of the reservation in the fund that pays a `reward` or `escrow` quote. */
  readonly fundToken: string | undefined;
  /** When an unpaid quote ends. */
  readonly expiry: UnixMs | undefined;
  readonly createdAt: UnixMs;
  /** A whole second, greater with every change. */
  readonly updatedAt: UnixMs;
  readonly verdict: QuoteVerdict | undefined;
  readonly payments: readonly { readonly id: string; readonly amount: Amount }[];
  readonly trace: StoredTrace | undefined;
  readonly history: readonly QuoteChange[];
  readonly version: number;
}

/** What of an accepted batch becomes part of its quote. */
export interface QuoteTerms {
  readonly poolId: string;
  readonly batchId: string;
  readonly lockingKey: string;
  readonly batchHash: string;
  readonly creditSum: bigint;
}

/** Changes that a quote remembers. */
export const HISTORY_MAX = 64;
const OF_THE_ID = 'bolt11:';

export function parseQuoteMethod(text: string): QuoteMethod | undefined {
  return QUOTE_METHODS.find((method) => method === text);
}

export function ehashKey(poolId: string, batchId: string): string {
  return `ehash:${poolId}/${batchId}`;
}

/**
 * How others than its wallet name a quote. Whoever knows the id of a quote without a key mints from it, so they are told
 * its hash (hex), also where the natural key is made of the id.
 */
export function publicNames({ naturalKey, quote, pubkey }: Quote): {
  readonly naturalKey: string;
  readonly quoteId: string;
} {
  return {
    naturalKey: publicNaturalKey(naturalKey),
    quoteId: pubkey === undefined ? toHex(sha256(utf8(quote))) : quote,
  };
}

/** The natural key as others than the wallet see it: that of `bolt11` is made of the quote's id. */
export function publicNaturalKey(naturalKey: string): string {
  if (!naturalKey.startsWith(OF_THE_ID)) return naturalKey;
  return `${OF_THE_ID}${toHex(sha256(utf8(naturalKey.slice(OF_THE_ID.length))))}`;
}

/** What may still be minted. */
export function mintable(quote: Pick<Quote, 'amountPaid' | 'amountIssued'>): Amount {
  return amount(quote.amountPaid - quote.amountIssued);
}

/** What every quote begins with; the rest it may be without. */
type NewQuote = Pick<Quote, 'naturalKey' | 'quote' | 'method' | 'unit' | 'state' | 'amountRequested'> & Partial<Quote>;

/** A quote as it is first stored: nothing paid, nothing issued, and without all that `known` does not say. */
export function newQuote(known: NewQuote, now: UnixMs): Quote {
  return {
    ...WITHOUT,
    amountPaid: amount(0n),
    amountIssued: amount(0n),
    issueCount: 0,
    createdAt: now,
    updatedAt: wholeSecond(now),
    payments: [],
    history: [{ event: 'created', state: known.state, at: now }],
    version: 1,
    ...known,
  };
}

const WITHOUT = {
  ...{ pubkey: undefined, auditCode: undefined, auditNote: undefined, batchHash: undefined, poolId: undefined },
  ...{ batchId: undefined, reference: undefined, request: undefined, lookupId: undefined, fundToken: undefined },
  ...{ expiry: undefined, verdict: undefined, trace: undefined },
} as const;

export function pendingQuote(
  terms: QuoteTerms,
  made: { quote: string; now: UnixMs; trace: StoredTrace | undefined },
): Quote {
  const naturalKey = ehashKey(terms.poolId, terms.batchId);
  const { poolId, batchId, batchHash, lockingKey: pubkey } = terms;
  return newQuote(
    {
      ...{ naturalKey, quote: made.quote, method: 'ehash', unit: HASH_UNIT, state: 'PENDING', trace: made.trace },
      ...{ pubkey, poolId, batchId, batchHash, reference: naturalKey.slice('ehash:'.length) },
      amountRequested: amount(terms.creditSum),
    },
    made.now,
  );
}

/** The quote after a payment that it did not know; the same payment has the same id, for ever. */
export function paidBy(quote: Quote, payment: { readonly id: string; readonly amount: Amount }, now: UnixMs): Quote {
  assert(payment.amount >= 1n, `${payment.id} pays nothing`);
  return {
    ...changed(quote, 'payment', now),
    amountPaid: amount(quote.amountPaid + payment.amount),
    payments: [...quote.payments, payment],
  };
}

/** The quote after its batch's verdict, which passed every guard. */
export function settled(quote: Quote, verdict: Verdict, now: UnixMs): Quote {
  const valid = verdict.result === 'VALID';
  const credited = amount(verdict.credited);
  return {
    ...changed(quote, valid ? 'verdict-valid' : 'verdict-invalid', now),
    amountPaid: credited,
    auditCode: verdict.code,
    auditNote: undefined,
    verdict: {
      hash: verdict.verdictHash,
      result: verdict.result,
      batchHash: verdict.batchHash,
      credited,
      auditorKey: verdict.auditorKey,
      decidedAt: verdict.decidedAt,
    },
    payments: valid ? [{ id: `verdict:${verdict.verdictHash}`, amount: credited }] : [],
  };
}

/** The quote with the note that the auditor gave up on its batch for now. */
export function noted(quote: Quote, now: UnixMs): Quote {
  return { ...changed(quote, 'batch-dead-lettered', now), auditNote: 'DEAD_LETTERED' };
}

/** The quote after `value` was minted from it, by so many operations that it had not counted. */
export function issued(quote: Quote, value: Amount, now: UnixMs, steps = 1): Quote {
  assert(
    steps >= 1 && value >= BigInt(steps) && value <= mintable(quote),
    `${publicNaturalKey(quote.naturalKey)}: ${value} issued of ${mintable(quote)} mintable`,
  );
  const all = value === mintable(quote);
  return {
    ...changed(quote, all ? 'issue-all' : 'issue-part', now),
    amountIssued: amount(quote.amountIssued + value),
    issueCount: quote.issueCount + steps,
  };
}

/** The fact that the last change of the quote is to others; notes change neither state nor counters. */
export function lastFact(quote: Quote): QuoteFact | undefined {
  const last = quote.history.at(-1);
  assert(last !== undefined, `${publicNaturalKey(quote.naturalKey)} has no history`);
  return FACTS[last.event];
}

function changed(quote: Quote, event: QuoteEvent, now: UnixMs): Quote {
  const state = step<QuoteState, QuoteEvent>(QUOTE, quote.state, event);
  assert(state !== undefined, `${publicNaturalKey(quote.naturalKey)}: ${event} in state ${quote.state}`);
  return {
    ...quote,
    state,
    updatedAt: unixMs(Math.max(quote.updatedAt + 1_000, wholeSecond(now))),
    history: [...quote.history, { event, state, at: now }].slice(-HISTORY_MAX),
    version: quote.version + 1,
  };
}

function wholeSecond(now: UnixMs): UnixMs {
  return unixMs(now - (now % 1_000));
}
