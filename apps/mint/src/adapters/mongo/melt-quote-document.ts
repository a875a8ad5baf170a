import { unixMs } from '@assay/shared/kernel/clock';
import { amount } from '@assay/shared/kernel/money';
import type { CollectionDefinition } from '@assay/shared/runtime/mongo';
import type { TraceContext } from '@assay/shared/runtime/telemetry';
import {
  MELT_METHODS,
  MELT_QUOTE,
  type MeltQuote,
  type MeltQuoteChange,
  type MeltQuoteState,
} from '../../domain/melt-quote.ts';
import type { MeltMethod } from '../../domain/operation.ts';
import type { Unit } from '../../domain/unit.ts';
import { type OutputDocument, parseOutput, renderOutput } from './operation-document.ts';

export interface MeltQuoteDocument {
  /** The id that the wallet knows. */
  _id: string;
  method: MeltMethod;
  unit: Unit;
  request: string;
  amount: bigint;
  feeReserve: bigint;
  paymentKey: string;
  paysQuote?: string;
  expiry: Date;
  state: MeltQuoteState;
  createdAt: Date;
  updatedAt: Date;
  preimage?: string;
  change: OutputDocument[];
  trace?: TraceContext;
  history: { event: MeltQuoteChange['event']; state: MeltQuoteState; at: Date }[];
  version: number;
}

const AMOUNT = { bsonType: 'long', minimum: 0 } as const;

/** 03-mint section 13. */
export const MELT_QUOTES: CollectionDefinition = {
  name: 'meltQuotes',
  schema: {
    bsonType: 'object',
    required: [
      ...['_id', 'method', 'unit', 'request', 'amount', 'feeReserve', 'paymentKey', 'expiry', 'state'],
      ...['createdAt', 'updatedAt', 'change', 'history', 'version'],
    ],
    properties: {
      _id: { bsonType: 'string', minLength: 36, maxLength: 36 },
      method: { enum: [...MELT_METHODS] },
      unit: { bsonType: 'string' },
      request: { bsonType: 'string', minLength: 1, maxLength: 4_096 },
      amount: AMOUNT,
      feeReserve: AMOUNT,
      paymentKey: { bsonType: 'string', minLength: 1, maxLength: 128 },
      paysQuote: { bsonType: 'string', minLength: 1, maxLength: 128 },
      expiry: { bsonType: 'date' },
      state: { enum: Object.keys(MELT_QUOTE) },
      createdAt: { bsonType: 'date' },
      updatedAt: { bsonType: 'date' },
      preimage: { bsonType: 'string', maxLength: 256 },
      change: { bsonType: 'array', maxItems: 1_000 },
      history: { bsonType: 'array', maxItems: 64 },
      version: { bsonType: 'int', minimum: 1 },
    },
  },
  indexes: [{ name: 'state_expiry', keys: { state: 1, expiry: 1 } }],
};

export function renderMeltQuote(quote: MeltQuote): MeltQuoteDocument {
  const { quote: id, paysQuote, preimage, trace, expiry, createdAt, updatedAt, change, history, ...same } = quote;
  return {
    ...same,
    _id: id,
    ...(paysQuote === undefined ? {} : { paysQuote }),
    ...(preimage === undefined ? {} : { preimage }),
    ...(trace === undefined ? {} : { trace }),
    expiry: new Date(expiry),
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
    change: change.map(renderOutput),
    history: history.map((entry) => ({ ...entry, at: new Date(entry.at) })),
  };
}

export function parseMeltQuote(document: MeltQuoteDocument): MeltQuote {
  const { _id, ...same } = document;
  return {
    ...same,
    quote: _id,
    amount: amount(same.amount),
    feeReserve: amount(same.feeReserve),
    paysQuote: same.paysQuote,
    expiry: unixMs(same.expiry.getTime()),
    createdAt: unixMs(same.createdAt.getTime()),
    updatedAt: unixMs(same.updatedAt.getTime()),
    preimage: same.preimage,
    change: same.change.map(parseOutput),
    trace: same.trace,
    history: same.history.map((entry) => ({ ...entry, at: unixMs(entry.at.getTime()) })),
  };
}
