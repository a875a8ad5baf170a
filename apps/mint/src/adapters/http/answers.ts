import { z } from 'zod';
import type { Keyset } from '../../domain/keyset.ts';
import type { OperationOutput } from '../../domain/operation.ts';
import { QUOTE_METHODS, type Quote } from '../../domain/quote.ts';
import { type Refusal, REFUSALS } from '../../domain/refusals.ts';
import type { ProofState } from '../../flows/check-state.ts';
import type { QuotePage } from '../../ports.ts';
import type { Renderable } from './json-text.ts';
import { renderCursor } from './request-bodies.ts';

// The compiler holds every renderer to the schema beside it, and from the same schemas comes /openapi.json.

export const JSON_TYPE = 'application/json; charset=utf-8';

/** One HTTP answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: Renderable;
}

/** How a value is shown to wallets. */
export interface Shown<Value> {
  readonly schema: z.ZodType;
  readonly render: (value: Value) => Renderable;
}

export function shown<Value, S extends z.ZodType<Renderable>>(
  schema: S,
  render: (value: Value) => z.infer<S>,
): Shown<Value> {
  return { schema, render };
}

export const REFUSED = z.object({
  detail: z.string(),
  code: z.number().describe('NUT error code; 51000 and up are our own'),
});

export function answered(body: Renderable): HttpAnswer {
  return { status: 200, body };
}

export function refused({ code, detail }: Refusal): HttpAnswer {
  const meaning = REFUSALS[code];
  const body: z.infer<typeof REFUSED> = { detail, code: meaning.code };
  return { status: meaning.http, body };
}

const POINT = z.string().describe('compressed point, lower-case hex');
const SCALAR = z.string().describe('32 bytes, lower-case hex');
const SECONDS = z.number().int().describe('Unix seconds');
export const SIGNATURE = z.object({
  amount: z.bigint(),
  id: z.string(),
  C_: POINT,
  dleq: z.object({ e: SCALAR, s: SCALAR }),
});

export const SIGNATURES = shown(
  z.object({ signatures: z.array(SIGNATURE) }),
  (outputs: readonly OperationOutput[]) => ({ signatures: outputs.map(renderSignature) }),
);

/** NUT-09: `outputs[i]` belongs to `signatures[i]`. */
export const RESTORED = shown(
  z.object({
    outputs: z.array(z.object({ amount: z.bigint(), id: z.string(), B_: POINT })),
    signatures: z.array(SIGNATURE),
  }),
  (outputs: readonly OperationOutput[]) => ({
    outputs: outputs.map(({ amount, keyset, b }) => ({ amount, id: keyset, B_: b })),
    signatures: outputs.map(renderSignature),
  }),
);

const STATE = z.object({
  Y: POINT,
  state: z.enum(['UNSPENT', 'PENDING', 'SPENT']),
  witness: z.string().nullable(),
});

export const STATES = shown(z.object({ states: z.array(STATE) }), (states: readonly ProofState[]) => ({
  states: states.map(renderState),
}));

/** NUT-07; also what subscribers of a proof are shown. */
export function renderState({ y, state, witness }: ProofState): z.infer<typeof STATE> {
  return { Y: y, state, witness: witness ?? null };
}

/** Wallets know only UNPAID, PAID and ISSUED as `state`, and break on another value: audited quotes say it elsewhere. */
const QUOTE_SCHEMA = z.object({
  quote: z.string().describe('whoever knows that of a quote without a pubkey can mint it'),
  method: z.enum(QUOTE_METHODS),
  request: z.string(),
  unit: z.string(),
  amount: z.bigint(),
  pubkey: POINT.nullable(),
  expiry: SECONDS.nullable(),
  amount_paid: z.bigint(),
  amount_issued: z.bigint(),
  updated_at: SECONDS,
  state: z.string().describe('bolt11 only: UNPAID, PAID or ISSUED').optional(),
  audit_state: z.string().describe('all others: PENDING, PAID, FAILED or ISSUED').optional(),
  audit_code: z.string().nullable().optional(),
});

/** A quote; each method has words of its own for where it stands. */
export function renderQuote(quote: Quote): z.infer<typeof QUOTE_SCHEMA> {
  return {
    quote: quote.quote,
    method: quote.method,
    request: quote.request ?? quote.naturalKey,
    unit: quote.unit,
    amount: quote.amountRequested,
    pubkey: quote.pubkey ?? null,
    expiry: quote.expiry === undefined ? null : Math.floor(quote.expiry / 1_000),
    amount_paid: quote.amountPaid,
    amount_issued: quote.amountIssued,
    updated_at: Math.floor(quote.updatedAt / 1_000),
    ...(quote.method === 'bolt11'
      ? { state: quote.state }
      : { audit_state: quote.state, audit_code: quote.auditCode ?? null }),
  };
}

export const QUOTE_ANSWER = shown(QUOTE_SCHEMA, renderQuote);
export const QUOTES_ANSWER = shown(z.array(QUOTE_SCHEMA), (quotes: readonly Quote[]) => quotes.map(renderQuote));

const CURSOR = z.string().nullable();

/** `next` and `next_cursor`: public code has both names. */
export const QUOTE_PAGE = shown(
  z.object({ quotes: z.array(QUOTE_SCHEMA), next: CURSOR, next_cursor: CURSOR }),
  ({ quotes, next }: QuotePage) => {
    const cursor = next === undefined ? null : renderCursor(next);
    return { quotes: quotes.map(renderQuote), next: cursor, next_cursor: cursor };
  },
);

const KEYSET = z.object({
  id: z.string(),
  unit: z.string(),
  active: z.boolean(),
  input_fee_ppk: z.bigint(),
  final_expiry: z.bigint().nullable().describe('Unix seconds'),
});

/** NUT-01. */
export const KEYS = shown(
  z.object({ keysets: z.array(KEYSET.extend({ keys: z.record(z.string(), POINT) })) }),
  (keysets: readonly Keyset[]) => ({
    keysets: keysets.map((keyset) => ({ ...describeKeyset(keyset), keys: keysOf(keyset) })),
  }),
);

/** NUT-02. */
export const KEYSETS = shown(z.object({ keysets: z.array(KEYSET) }), (keysets: readonly Keyset[]) => ({
  keysets: keysets.map(describeKeyset),
}));

function keysOf({ keys }: Keyset): Record<string, string> {
  return Object.fromEntries([...keys].map(([amount, key]) => [amount.toString(), key]));
}

function describeKeyset({ id, unit, active, inputFeePpk, finalExpiryS }: Keyset): z.infer<typeof KEYSET> {
  return { id, unit, active, input_fee_ppk: inputFeePpk, final_expiry: finalExpiryS ?? null };
}

/** NUT-00 with NUT-12. */
export function renderSignature({ amount, keyset, c, e, s }: OperationOutput): z.infer<typeof SIGNATURE> {
  return { amount, id: keyset, C_: c, dleq: { e, s } };
}
