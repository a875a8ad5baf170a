import type { FastifyInstance } from 'fastify';
import { err } from '@assay/shared/kernel/result';
import { refusal } from '../../domain/refusals.ts';
import { createBolt11Quote, type CreateBolt11Ports } from '../../flows/create-bolt11-quote.ts';
import { checkQuotes, findQuote, type FindQuotePorts } from '../../flows/find-quote.ts';
import { issueBatch, type IssuePorts, issueTokens } from '../../flows/issue-tokens.ts';
import { type LookupPorts, lookupQuotes } from '../../flows/lookup-quotes.ts';
import { pageAnswer, renderQuote, signaturesAnswer } from './answers.ts';
import { answerOf, atMost, opIdOf, read } from './endpoint.ts';
import { batchMintRequestIn, bolt11TermsIn, lookupRequestIn, mintRequestIn, quoteIdsIn } from './request-bodies.ts';

export type MintRoutesApi = IssuePorts & FindQuotePorts & LookupPorts & CreateBolt11Ports;

interface OfMethod {
  readonly Params: { readonly method: string };
}

/** NUT-04, 29 and the lookup by public key; `check`, `batch` and `pubkey` are matched before a quote id. */
export function registerMint(app: FastifyInstance, api: MintRoutesApi): void {
  registerQuotes(app, api);
  registerIssuing(app, api);
}

function registerQuotes(app: FastifyInstance, api: MintRoutesApi): void {
  app.post<OfMethod>('/v1/mint/quote/:method', async (request) => {
    // Quotes of audited work are made by batches only: whoever sees a share first could squat it here.
    if (request.params.method !== 'bolt11') {
      return answerOf(err(refusal('minting-disabled', 'quotes of this method are not made here')), renderQuote);
    }
    const terms = read(request, bolt11TermsIn);
    return answerOf(terms.ok ? await createBolt11Quote(api, terms.value) : terms, renderQuote);
  });
  app.post<OfMethod>('/v1/mint/quote/:method/check', async (request) => {
    const ids = atMost(read(request, quoteIdsIn), api.batchMax, 'batch-too-large');
    return answerOf(ids.ok ? await checkQuotes(api, request.params.method, ids.value) : ids, (quotes) =>
      quotes.map(renderQuote),
    );
  });
  app.post<OfMethod>('/v1/mint/quote/:method/pubkey', async (request) => {
    const body = read(request, lookupRequestIn);
    const { method } = request.params;
    return answerOf(body.ok ? await lookupQuotes(api, { ...body.value, method }) : body, pageAnswer);
  });
  app.get<{ Params: { method: string; quote: string } }>('/v1/mint/quote/:method/:quote', async ({ params }) =>
    answerOf(await findQuote(api, params.method, params.quote), renderQuote),
  );
}

function registerIssuing(app: FastifyInstance, api: MintRoutesApi): void {
  app.post<OfMethod>('/v1/mint/:method', async (request) => {
    const body = read(request, mintRequestIn);
    const { method } = request.params;
    const answer = body.ok ? await issueTokens(api, { ...body.value, method, opId: opIdOf(request) }) : body;
    return answerOf(answer, signaturesAnswer);
  });
  app.post<OfMethod>('/v1/mint/:method/batch', async (request) => {
    const body = read(request, batchMintRequestIn);
    const { method } = request.params;
    const answer = body.ok ? await issueBatch(api, { ...body.value, method, opId: opIdOf(request) }) : body;
    return answerOf(answer, signaturesAnswer);
  });
}
