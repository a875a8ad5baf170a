import { z } from 'zod';
import { MELT_METHODS, type MeltQuote } from '../../domain/melt-quote.ts';
import { createMeltQuote, type CreateMeltPorts } from '../../flows/create-melt-quote.ts';
import { findMeltQuote } from '../../flows/find-melt-quote.ts';
import { melt, type MeltPorts } from '../../flows/melt.ts';
import { renderSignature, shown, SIGNATURE } from './answers.ts';
import { type Endpoint, get, post } from './endpoint.ts';
import { MELT_QUOTE_REQUEST, MELT_REQUEST } from './melt-bodies.ts';

export type MeltRoutesApi = MeltPorts & CreateMeltPorts;

/** NUT-05, with change (08) and parts (15). */
export function meltEndpoints(api: MeltRoutesApi): readonly Endpoint[] {
  return [
    post(
      '/v1/melt/quote/:method',
      { nut: '05', summary: 'What it costs to have a request paid', body: MELT_QUOTE_REQUEST, answer: MELT_QUOTE },
      (asked, call) => createMeltQuote(api, call.param('method'), asked),
    ),
    get('/v1/melt/quote/:method/:quote', { nut: '05', summary: 'How a melt stands', answer: MELT_QUOTE }, (call) =>
      findMeltQuote(api, call.param('method'), call.param('quote')),
    ),
    post(
      '/v1/melt/:method',
      { nut: '05', summary: 'Has a request paid with proofs', body: MELT_REQUEST, answer: MELT_QUOTE },
      (body, call) => melt(api, { ...body, method: call.param('method'), opId: call.opId() }),
    ),
  ];
}

const MELT_QUOTE_SCHEMA = z.object({
  quote: z.string(),
  method: z.enum(MELT_METHODS),
  request: z.string(),
  amount: z.bigint(),
  unit: z.string(),
  fee_reserve: z.bigint(),
  state: z.enum(['UNPAID', 'PENDING', 'PAID']),
  expiry: z.number().int().describe('Unix seconds'),
  payment_preimage: z.string().nullable(),
  change: z.array(SIGNATURE).optional(),
});

const MELT_QUOTE = shown(MELT_QUOTE_SCHEMA, renderMeltQuote);

/** Also what subscribers are shown. */
export function renderMeltQuote(quote: MeltQuote): z.infer<typeof MELT_QUOTE_SCHEMA> {
  const { change, state } = quote;
  return {
    quote: quote.quote,
    method: quote.method,
    request: quote.request,
    amount: quote.amount,
    unit: quote.unit,
    fee_reserve: quote.feeReserve,
    state,
    expiry: Math.floor(quote.expiry / 1_000),
    payment_preimage: quote.preimage ?? null,
    ...(state === 'PAID' && change.length > 0 ? { change: change.map(renderSignature) } : {}),
  };
}
