import type { FastifyInstance } from 'fastify';
import type { MeltQuote } from '../../domain/melt-quote.ts';
import { createMeltQuote, type CreateMeltPorts } from '../../flows/create-melt-quote.ts';
import { findMeltQuote } from '../../flows/find-melt-quote.ts';
import { melt, type MeltPorts } from '../../flows/melt.ts';
import { renderSignature } from './answers.ts';
import { answerOf, opIdOf, read } from './endpoint.ts';
import type { Renderable } from './json-text.ts';
import { meltQuoteRequestIn, meltRequestIn } from './melt-bodies.ts';

export type MeltRoutesApi = MeltPorts & CreateMeltPorts;

interface OfMethod {
  readonly Params: { readonly method: string };
}

/** NUT-05, with change (08) and parts (15). */
export function registerMelt(app: FastifyInstance, api: MeltRoutesApi): void {
  app.post<OfMethod>('/v1/melt/quote/:method', async (request) => {
    const asked = read(request, meltQuoteRequestIn);
    return answerOf(asked.ok ? await createMeltQuote(api, request.params.method, asked.value) : asked, renderMeltQuote);
  });
  app.get<{ Params: { method: string; quote: string } }>('/v1/melt/quote/:method/:quote', async ({ params }) =>
    answerOf(await findMeltQuote(api, params.method, params.quote), renderMeltQuote),
  );
  app.post<OfMethod>('/v1/melt/:method', async (request) => {
    const body = read(request, meltRequestIn);
    const { method } = request.params;
    const answer = body.ok ? await melt(api, { ...body.value, method, opId: opIdOf(request) }) : body;
    return answerOf(answer, renderMeltQuote);
  });
}

/** Also what subscribers are shown. */
export function renderMeltQuote(quote: MeltQuote): Renderable {
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
