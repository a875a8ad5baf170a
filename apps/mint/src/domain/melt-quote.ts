import { assert } from '@assay/shared/kernel/assert';
import { unixMs, type UnixMs } from '@assay/shared/kernel/clock';
import { type Machine, step } from '@assay/shared/kernel/machine';
import type { Amount } from '@assay/shared/kernel/money';
import type { Melt } from './melt.ts';
import type { MeltMethod, OperationOutput } from './operation.ts';
import type { StoredTrace } from './quote.ts';
import type { Unit } from './unit.ts';

export const MELT_METHODS = ['bolt11', 'deposit'] as const satisfies readonly MeltMethod[];

export function parseMeltMethod(text: string): MeltMethod | undefined {
  return MELT_METHODS.find((method) => method === text);
}

export type MeltQuoteState = 'UNPAID' | 'PENDING' | 'PAID';
export type MeltQuoteEvent = 'reserve' | 'release' | 'pay';

/** 03-mint section 4.2. Only a definite failure of the payment leads back; no clock does. */
export const MELT_QUOTE = {
  UNPAID: { reserve: 'PENDING' },
  PENDING: { release: 'UNPAID', pay: 'PAID' },
  PAID: {},
} as const satisfies Machine<MeltQuoteState, MeltQuoteEvent>;

export interface MeltQuoteChange {
  readonly event: 'created' | MeltQuoteEvent;
  readonly state: MeltQuoteState;
  readonly at: UnixMs;
}

/** What a wallet asked to be paid, and what it costs. */
export interface MeltTerms {
  /** UUIDv7. */
  readonly quote: string;
  readonly method: MeltMethod;
  readonly unit: Unit;
  /** BOLT-11 text, or `<account key hex>:<asset>`. */
  readonly request: string;
  readonly amount: Amount;
  /** Most that the payment may cost beside `amount`. */
  readonly feeReserve: Amount;
  /** Of all melts with this key one at most pays: nobody pays an own request twice. */
  readonly paymentKey: string;
  /** Natural key of the quote of this mint that the request belongs to: it is settled inside. */
  readonly paysQuote: string | undefined;
  readonly expiry: UnixMs;
}

export interface MeltQuote extends MeltTerms {
  readonly state: MeltQuoteState;
  readonly createdAt: UnixMs;
  /** Grows with every change. */
  readonly updatedAt: UnixMs;
  /** Proof of payment, of a PAID quote whose backend gave one. */
  readonly preimage: string | undefined;
  /** Of a PAID quote: what was overpaid, signed. */
  readonly change: readonly OperationOutput[];
  readonly trace: StoredTrace | undefined;
  readonly history: readonly MeltQuoteChange[];
  readonly version: number;
}

const HISTORY_MAX = 64;

/**
 * A whole BOLT-11 request is paid once; each part of one (NUT-15) is a payment of its own quote.
 * @param lookupId the backend's name of the request: one however its text is spelled
 */
export function lightningKey(lookupId: string, partOf: string | undefined): string {
  return partOf === undefined ? `bolt11:${lookupId}` : `bolt11:${lookupId}:${partOf}`;
}

export function depositKey(quote: string): string {
  return `deposit:${quote}`;
}

export function unpaidMeltQuote(terms: MeltTerms, now: UnixMs, trace: StoredTrace | undefined): MeltQuote {
  return {
    ...terms,
    state: 'UNPAID',
    createdAt: now,
    updatedAt: now,
    preimage: undefined,
    change: [],
    trace,
    history: [{ event: 'created', state: 'UNPAID', at: now }],
    version: 1,
  };
}

/**
 * The quote one step nearer to what its operations say, or undefined when it says the same. Operations are the truth;
 * a quote that fell behind by two steps is shown both.
 * @param live the PENDING or COMMITTED melt of the quote, if there is one
 */
export function followMelt(quote: MeltQuote, live: Melt | undefined, now: UnixMs): MeltQuote | undefined {
  const { state } = quote;
  if (live === undefined) return state === 'PENDING' ? changed(quote, 'release', now) : undefined;
  if (state === 'UNPAID') return changed(quote, 'reserve', now);
  if (live.state !== 'COMMITTED' || state === 'PAID') return undefined;
  return { ...changed(quote, 'pay', now), preimage: live.preimage, change: live.operation.outputs };
}

function changed(quote: MeltQuote, event: MeltQuoteEvent, now: UnixMs): MeltQuote {
  const state = step<MeltQuoteState, MeltQuoteEvent>(MELT_QUOTE, quote.state, event);
  assert(state !== undefined, `melt quote: ${event} in state ${quote.state}`);
  return {
    ...quote,
    state,
    updatedAt: unixMs(Math.max(quote.updatedAt + 1, now)),
    history: [...quote.history, { event, state, at: now }].slice(-HISTORY_MAX),
    version: quote.version + 1,
  };
}
