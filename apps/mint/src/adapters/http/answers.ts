import type { Keyset } from '../../domain/keyset.ts';
import type { OperationOutput } from '../../domain/operation.ts';
import type { Quote } from '../../domain/quote.ts';
import { type Refusal, REFUSALS } from '../../domain/refusals.ts';
import type { ProofState } from '../../flows/check-state.ts';
import type { QuotePage } from '../../ports.ts';
import type { Renderable } from './json-text.ts';
import { renderCursor } from './request-bodies.ts';

/** One HTTP answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: Renderable;
}

export function answered(body: Renderable): HttpAnswer {
  return { status: 200, body };
}

export function refused({ code, detail }: Refusal): HttpAnswer {
  const meaning = REFUSALS[code];
  return { status: meaning.http, body: { detail, code: meaning.code } };
}

export function signaturesAnswer(outputs: readonly OperationOutput[]): Renderable {
  return { signatures: outputs.map(renderSignature) };
}

/** NUT-09: `outputs[i]` belongs to `signatures[i]`. */
export function restoreAnswer(outputs: readonly OperationOutput[]): Renderable {
  const signatures = outputs.map(renderSignature);
  return { outputs: outputs.map(({ amount, keyset, b }) => ({ amount, id: keyset, B_: b })), signatures };
}

export function statesAnswer(states: readonly ProofState[]): Renderable {
  return { states: states.map(renderState) };
}

/** NUT-07; also what subscribers of a proof are shown. */
export function renderState({ y, state, witness }: ProofState): Renderable {
  return { Y: y, state, witness: witness ?? null };
}

/** A quote; each method has words of its own for where it stands. */
export function renderQuote(quote: Quote): Renderable {
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
    // Wallets know only UNPAID, PAID and ISSUED as `state`, and break on another value.
    ...(quote.method === 'bolt11'
      ? { state: quote.state }
      : { audit_state: quote.state, audit_code: quote.auditCode ?? null }),
  };
}

/** `next` and `next_cursor`: public code has both names. */
export function pageAnswer({ quotes, next }: QuotePage): Renderable {
  const cursor = next === undefined ? null : renderCursor(next);
  return { quotes: quotes.map(renderQuote), next: cursor, next_cursor: cursor };
}

/** NUT-01. */
export function keysAnswer(keysets: readonly Keyset[]): Renderable {
  return {
    keysets: keysets.map((keyset) => ({ ...describeKeyset(keyset), keys: keysOf(keyset) })),
  };
}

function keysOf({ keys }: Keyset): Renderable {
  return Object.fromEntries([...keys].map(([amount, key]) => [amount.toString(), key]));
}

/** NUT-02. */
export function keysetsAnswer(keysets: readonly Keyset[]): Renderable {
  return { keysets: keysets.map(describeKeyset) };
}

function describeKeyset({ id, unit, active, inputFeePpk, finalExpiryS }: Keyset) {
  return { id, unit, active, input_fee_ppk: inputFeePpk, final_expiry: finalExpiryS ?? null };
}

export function renderSignature({ amount, keyset, c, e, s }: OperationOutput): Renderable {
  return { amount, id: keyset, C_: c, dleq: { e, s } };
}
