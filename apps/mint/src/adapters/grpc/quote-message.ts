import { type Quote as WireQuote, QuoteState as WireState } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { publicNames, type Quote, type QuoteState } from '../../domain/quote.ts';

const WIRE_STATES = {
  PENDING: WireState.QUOTE_STATE_PENDING,
  PAID: WireState.QUOTE_STATE_PAID,
  FAILED: WireState.QUOTE_STATE_FAILED,
  ISSUED: WireState.QUOTE_STATE_ISSUED,
  UNPAID: WireState.QUOTE_STATE_UNPAID,
} as const satisfies Record<QuoteState, WireState>;

const STATES = new Map(Object.entries(WIRE_STATES).map(([state, wire]) => [wire as WireState, state as QuoteState]));

/** Undefined for UNSPECIFIED: any state. */
export function parseState(state: WireState): QuoteState | undefined {
  return STATES.get(state);
}

/** Whoever knows the id of an unlocked quote mints from it: others see its hash. */
export function renderQuote(quote: Quote): WireQuote {
  return {
    ...publicNames(quote),
    method: quote.method,
    unit: quote.unit.toUpperCase(),
    pubkey: Buffer.from(quote.pubkey ?? '', 'hex'),
    state: WIRE_STATES[quote.state],
    poolId: quote.poolId ?? '',
    batchId: quote.batchId ?? '',
    batchHash: Buffer.from(quote.batchHash ?? '', 'hex'),
    reference: quote.reference ?? '',
    amountRequested: quote.amountRequested,
    amountPaid: quote.amountPaid,
    amountIssued: quote.amountIssued,
    auditCode: quote.auditCode ?? '',
    auditNote: quote.auditNote ?? '',
    verdictHash: Buffer.from(quote.verdict?.hash ?? '', 'hex'),
    createdAtMs: BigInt(quote.createdAt),
    updatedAtMs: BigInt(quote.updatedAt),
    version: BigInt(quote.version),
    expiresAtMs: BigInt(quote.expiry ?? 0),
  };
}
