import type { QuoteChanged } from '@assay/proto/gen/assay/mint/v1/events';
import { unixMs } from '@assay/shared/kernel/clock';
import { amount } from '@assay/shared/kernel/money';
import type { CollectionDefinition, Versioned } from '@assay/shared/runtime/mongo';
import { type OutboxEntry, OUTBOX_SCHEMA, outboxEntry } from '@assay/shared/runtime/outbox';
import type { ObjectId } from 'mongodb';
import {
  HISTORY_MAX,
  lastFact,
  publicNames,
  QUOTE,
  QUOTE_METHODS,
  type Quote,
  type QuoteChange,
  type QuoteFact,
  type QuoteMethod,
  type QuoteState,
} from '../../domain/quote.ts';
import type { Unit } from '../../domain/unit.ts';

interface VerdictDocument {
  hash: string;
  result: 'VALID' | 'INVALID';
  batchHash: string;
  credited: bigint;
  auditorKey: string;
  decidedAt: Date;
}

/** A quote; hashes and keys in lower-case hex. */
export interface QuoteDocument extends Versioned {
  quote: string;
  method: QuoteMethod;
  unit: Unit;
  pubkey?: string;
  state: QuoteState;
  amountRequested: bigint;
  amountPaid: bigint;
  amountIssued: bigint;
  issueCount: number;
  auditCode?: string;
  auditNote?: 'DEAD_LETTERED';
  batchHash?: string;
  poolId?: string;
  batchId?: string;
  reference?: string;
  request?: string;
  lookupId?: string;
  fundToken?: string;
  expiry?: Date;
  createdAt: Date;
  updatedAt: Date;
  verdict?: VerdictDocument;
  hasPayments: boolean;
  payments: { id: string; amount: bigint }[];
  /** `by` names the write of a change, for whoever wrote it. */
  history: { event: QuoteChange['event']; state: QuoteState; at: Date; by?: ObjectId }[];
}

const AMOUNT = { bsonType: 'long', minimum: 0 } as const;

/** Holds each payment once, whatever quote it pays. */
export const PAYMENTS_INDEX = 'paymentsId_unique';
/** Unpaid quotes by age, among any number of others. */
export const UNPAID_INDEX = 'unpaid_createdAt';
/** Quotes that a fund paid, among any number of others. */
export const FUNDED_INDEX = 'fundToken_funded';

/** 03-mint section 13. */
export const QUOTES: CollectionDefinition = {
  name: 'quotes',
  outbox: true,
  schema: {
    bsonType: 'object',
    required: [
      ...['_id', 'quote', 'method', 'unit', 'state', 'amountRequested', 'amountPaid', 'amountIssued'],
      ...['issueCount', 'createdAt', 'updatedAt', 'hasPayments', 'payments', 'history', 'version', 'outbox'],
    ],
    properties: {
      _id: { bsonType: 'string', minLength: 1, maxLength: 128 },
      quote: { bsonType: 'string', minLength: 36, maxLength: 36 },
      method: { enum: [...QUOTE_METHODS] },
      unit: { bsonType: 'string' },
      pubkey: { bsonType: 'string', minLength: 66, maxLength: 66 },
      state: { enum: Object.keys(QUOTE) },
      amountRequested: AMOUNT,
      amountPaid: AMOUNT,
      amountIssued: AMOUNT,
      issueCount: { bsonType: 'int', minimum: 0 },
      request: { bsonType: 'string', maxLength: 4_096 },
      lookupId: { bsonType: 'string', minLength: 1, maxLength: 128 },
      expiry: { bsonType: 'date' },
      createdAt: { bsonType: 'date' },
      updatedAt: { bsonType: 'date' },
      payments: { bsonType: 'array', maxItems: 1_000 },
      history: { bsonType: 'array', maxItems: HISTORY_MAX },
      version: { bsonType: 'int', minimum: 1 },
      outbox: OUTBOX_SCHEMA,
    },
  },
  indexes: [
    { name: 'quote_unique', keys: { quote: 1 }, unique: true },
    { name: 'lookupId_unique', keys: { lookupId: 1 }, unique: true, where: { lookupId: { $exists: true } } },
    { name: PAYMENTS_INDEX, keys: { 'payments.id': 1 }, unique: true, where: { hasPayments: true } },
    { name: 'pubkey_createdAt_id', keys: { pubkey: 1, createdAt: 1, _id: 1 } },
    { name: 'pubkey_paid', keys: { pubkey: 1, createdAt: 1, _id: 1 }, where: { state: 'PAID' } },
    { name: UNPAID_INDEX, keys: { createdAt: 1, _id: 1 }, where: { state: 'UNPAID' } },
    { name: FUNDED_INDEX, keys: { fundToken: 1 }, where: { fundToken: { $exists: true } } },
    { name: 'state_createdAt', keys: { state: 1, createdAt: 1 } },
    { name: 'createdAt_id', keys: { createdAt: 1, _id: 1 } },
  ],
};

/** A new quote with the event that it was created. */
export function quoteDocument(quote: Quote): QuoteDocument {
  return { _id: quote.naturalKey, ...renderQuote(quote), version: quote.version, outbox: quoteEvents(quote) };
}

/** Everything of the document but its id, version and outbox; what a quote is without, its document is without. */
export function renderQuote(quote: Quote): Omit<QuoteDocument, '_id' | 'version' | 'outbox'> {
  const { naturalKey: _, version: __, payments, history, ...fields } = quote;
  const { verdict, expiry, ...rest } = defined(fields);
  return {
    ...rest,
    createdAt: new Date(quote.createdAt),
    updatedAt: new Date(quote.updatedAt),
    ...(expiry === undefined ? {} : { expiry: new Date(expiry) }),
    ...(verdict === undefined ? {} : { verdict: { ...verdict, decidedAt: new Date(verdict.decidedAt) } }),
    hasPayments: payments.length > 0,
    payments: payments.map((payment) => ({ ...payment })),
    history: history.map((change) => ({ ...change, at: new Date(change.at) })),
  };
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

export function parseQuote(document: QuoteDocument): Quote {
  const { _id, outbox: _, hasPayments: __, verdict, payments, history, expiry, ...rest } = document;
  return {
    ...NOTHING,
    ...rest,
    naturalKey: _id,
    amountRequested: amount(document.amountRequested),
    amountPaid: amount(document.amountPaid),
    amountIssued: amount(document.amountIssued),
    createdAt: unixMs(document.createdAt.getTime()),
    updatedAt: unixMs(document.updatedAt.getTime()),
    expiry: expiry && unixMs(expiry.getTime()),
    verdict: verdict && {
      ...verdict,
      credited: amount(verdict.credited),
      decidedAt: unixMs(verdict.decidedAt.getTime()),
    },
    payments: payments.map(({ id, amount: paid }) => ({ id, amount: amount(paid) })),
    history: history.map(({ event, state, at }) => ({ event, state, at: unixMs(at.getTime()) })),
  };
}

/** Of fields that a document may be without. */
const NOTHING = {
  ...{ pubkey: undefined, auditCode: undefined, auditNote: undefined, batchHash: undefined, poolId: undefined },
  ...{ batchId: undefined, reference: undefined, request: undefined, lookupId: undefined, fundToken: undefined },
  trace: undefined,
} as const;

const EVENTS = {
  created: 'mint.quote.created',
  paid: 'mint.quote.paid',
  failed: 'mint.quote.failed',
  issued: 'mint.quote.issued',
} as const satisfies Record<QuoteFact, `mint.quote.${string}`>;

/** The event that is committed with the quote's last change, if that is a fact for others. */
export function quoteEvents(quote: Quote): OutboxEntry[] {
  const fact = lastFact(quote);
  return fact === undefined ? [] : [outboxEntry(EVENTS[fact], renderEvent(quote), occurredAt(quote), quote.trace)];
}

function renderEvent(quote: Quote): QuoteChanged {
  return {
    ...publicNames(quote),
    method: quote.method,
    unit: quote.unit.toUpperCase(),
    pubkey: Buffer.from(quote.pubkey ?? '', 'hex'),
    poolId: quote.poolId ?? '',
    batchId: quote.batchId ?? '',
    batchHash: Buffer.from(quote.batchHash ?? '', 'hex'),
    reference: quote.reference ?? '',
    amountRequested: quote.amountRequested,
    amountPaid: quote.amountPaid,
    amountIssued: quote.amountIssued,
    auditCode: quote.auditCode ?? '',
    version: BigInt(quote.version),
    atMs: BigInt(occurredAt(quote)),
  };
}

function occurredAt(quote: Quote) {
  return quote.history.at(-1)?.at ?? quote.createdAt;
}
