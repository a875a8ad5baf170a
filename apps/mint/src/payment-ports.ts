import type { UnixMs } from '@assay/shared/kernel/clock';
import type { Amount } from '@assay/shared/kernel/money';
import type { Result } from '@assay/shared/kernel/result';
import type { Quote } from './domain/quote.ts';
import type { RefusalCode } from './domain/refusals.ts';
import type { Unit } from './domain/unit.ts';
import type { QuotePage, QuotePosition } from './ports.ts';

// As in ports.ts, every port throws (a fault) when the thing behind it cannot answer.

/** Quotes as payments find them. Majority reads from the primary. */
export interface PayableQuotes {
  /**
   * The quote that a payment of this request pays. Also how a melt sees that a request is this mint's own:
   * `OutgoingTerms.lookupId` is the same name.
   */
  findByLookupId(lookupId: string): Promise<Quote | undefined>;
  /** UNPAID ones of `bolt11`, oldest first by (createdAt, naturalKey). */
  listUnpaid(query: {
    readonly createdFrom: UnixMs;
    /** Exclusive start. */
    readonly after: QuotePosition | undefined;
    readonly limit: number;
  }): Promise<QuotePage>;
}

/** What a payment backend can do, as NUT-06 tells it to wallets. */
export interface PaymentSettings {
  readonly unit: Unit;
  /** Incoming requests may carry a description. */
  readonly takesDescription: boolean;
  /** Requests without amount can be paid (`options.amountless`). */
  readonly paysAmountless: boolean;
  /** Parts of a request can be paid (NUT-15). */
  readonly paysParts: boolean;
}

export interface IncomingAsked {
  readonly quoteKey: string;
  readonly amount: Amount;
  /** At most 639 bytes in UTF-8. */
  readonly description: string | undefined;
  readonly expiry: UnixMs;
}

/** A request that a wallet has to pay. */
export interface IncomingRequest {
  /** BOLT-11 text. */
  readonly request: string;
  /** The backend's name of it. */
  readonly lookupId: string;
}

/** Money that arrived; the same payment has the same id, for ever. */
export interface IncomingPayment {
  readonly lookupId: string;
  readonly paymentId: string;
  readonly amount: Amount;
}

/** What paying a request costs: at most `amount + feeReserve`. */
export interface OutgoingTerms {
  readonly amount: Amount;
  readonly feeReserve: Amount;
  /** The request's name at the backend (its payment hash): one however the text is spelled, and of our own requests too. */
  readonly lookupId: string;
}

export interface OutgoingOptions {
  /** NUT-15: pay so much of the request's amount, in msat. */
  readonly partMsat: bigint | undefined;
  /** For a request without amount, in msat. */
  readonly amountlessMsat: bigint | undefined;
}

export interface OutgoingAsked {
  readonly opId: string;
  readonly request: string;
  readonly amount: Amount;
  readonly feeMax: Amount;
}

/**
 * How an outgoing payment stands. PAID and FAILED are final. UNKNOWN: it may still become either. NEVER_SEEN: the backend
 * was never asked to pay under this id, so asking it now pays at most once.
 */
export type OutgoingPayment =
  | { readonly is: 'PAID'; readonly preimage: string | undefined; readonly fee: Amount }
  | { readonly is: 'FAILED' | 'UNKNOWN' | 'NEVER_SEEN' };

/**
 * Lightning, as the mint needs it (03-mint section 9). Repeats with the same id never pay twice. Payments of a request that
 * no quote has are possible: its maker ended between the two, and the wallet was never told the request.
 */
export interface PaymentBackend {
  readonly settings: PaymentSettings;
  /** The same `quoteKey` gives the same request, whatever else is asked for with it. */
  createIncoming(asked: IncomingAsked): Promise<IncomingRequest>;
  /** Ends with `signal`; payments may come again, and one may be missed: `checkIncoming` finds it. */
  watchIncoming(signal: AbortSignal): AsyncIterable<IncomingPayment>;
  /** Payments of this request so far. */
  checkIncoming(lookupId: string): Promise<readonly IncomingPayment[]>;
  /** Terms, or why it cannot be paid: no amount (11011), an amount that does not fit (11012), no request of ours (51000). */
  quoteOutgoing(request: string, options: OutgoingOptions): Promise<Result<OutgoingTerms, OutgoingRefusal>>;
  payOutgoing(payment: OutgoingAsked): Promise<OutgoingPayment>;
  checkOutgoing(opId: string): Promise<OutgoingPayment>;
}

export type OutgoingRefusal = Extract<
  RefusalCode,
  'amount-missing' | 'amount-differs' | 'unit-not-supported' | 'bad-request'
>;

/**
 * `RewardsService.CreditDeposit`, as a melt of method `deposit` needs it. Credits once per `depositId`. Both answers are
 * final for it: after `refused` the inputs are free, and the call of an instance that was thought dead may still come.
 */
export interface DepositCredits {
  /** Whether the asset exists and is of this unit. */
  acceptsUnit(asset: string, unit: Unit): Promise<boolean>;
  credit(deposit: {
    /** Melt quote id. */
    readonly depositId: string;
    /** x-only account key, 64 hex digits. */
    readonly account: string;
    readonly asset: string;
    readonly amount: Amount;
  }): Promise<'credited' | 'refused'>;
}
