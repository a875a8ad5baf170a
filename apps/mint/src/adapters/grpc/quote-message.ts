import { type Quote as WireQuote, QuoteState as WireState } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { nameOf } from '@assay/shared/runtime/enum-name';
import { publicNames, type Quote, type QuoteState } from '../../domain/quote.ts';

/** Undefined for UNSPECIFIED: any state. */
export function parseState(state: WireState): QuoteState | undefined {
  return nameOf(WireState, 'QUOTE_STATE_', state);
}

/** Whoever knows the id of an unlocked quote mints from it: others see its hash. */
export function renderQuote(quote: Quote): WireQuote {
  return {
    ...publicNames(quote),
    method: quote.method,
    unit: quote.unit.toUpperCase(),
    pubkey: Buffer.from(quote.pubkey ?? '', 'hex'),
    state: WireState[`QUOTE_STATE_${quote.state}`],
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
