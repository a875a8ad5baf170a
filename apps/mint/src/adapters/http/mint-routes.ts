import { refusal } from '../../domain/refusals.ts';
import { createBolt11Quote, type CreateBolt11Ports } from '../../flows/create-bolt11-quote.ts';
import { checkQuotes, findQuote, type FindQuotePorts } from '../../flows/find-quote.ts';
import { issueBatch, type IssuePorts, issueTokens } from '../../flows/issue-tokens.ts';
import { type LookupPorts, lookupQuotes } from '../../flows/lookup-quotes.ts';
import { QUOTE_ANSWER, QUOTE_PAGE, QUOTES_ANSWER, SIGNATURES } from './answers.ts';
import { type Endpoint, get, post, refuseBeyond, refusing } from './endpoint.ts';
import { BATCH_MINT_REQUEST, BOLT11_TERMS, LOOKUP_REQUEST, MINT_REQUEST, QUOTE_CHECK } from './request-bodies.ts';

export type MintRoutesApi = IssuePorts & FindQuotePorts & LookupPorts & CreateBolt11Ports;

/** NUT-04, 20 and 29 and the lookup by public key; `check`, `batch` and `pubkey` are matched before a quote id. */
export function mintEndpoints(api: MintRoutesApi): readonly Endpoint[] {
  return [...quoteEndpoints(api), ...issuingEndpoints(api)];
}

function quoteEndpoints(api: MintRoutesApi): readonly Endpoint[] {
  return [
    post(
      '/v1/mint/quote/bolt11',
      { nut: '04', summary: 'A quote to be paid by Lightning', body: BOLT11_TERMS, answer: QUOTE_ANSWER },
      (terms) => createBolt11Quote(api, terms),
    ),
    // Quotes of audited work are made by batches only: whoever sees a share first could squat it here.
    refusing(
      '/v1/mint/quote/:method',
      { nut: '04', summary: 'Quotes of other methods are not made by wallets' },
      refusal('minting-disabled', 'quotes of this method are not made here'),
    ),
    get('/v1/mint/quote/:method/:quote', { nut: '04', summary: 'How a quote stands', answer: QUOTE_ANSWER }, (call) =>
      findQuote(api, call.param('method'), call.param('quote')),
    ),
    post(
      '/v1/mint/quote/:method/check',
      { nut: '29', summary: 'How several quotes stand', body: QUOTE_CHECK, answer: QUOTES_ANSWER },
      (ids, call) => refuseBeyond(ids, api.batchMax, 'batch-too-large') ?? checkQuotes(api, call.param('method'), ids),
    ),
    post(
      '/v1/mint/quote/:method/pubkey',
      { nut: 'draft', summary: 'Quotes of keys, proven by signatures', body: LOOKUP_REQUEST, answer: QUOTE_PAGE },
      (asked, call) => lookupQuotes(api, { ...asked, method: call.param('method') }),
    ),
  ];
}

function issuingEndpoints(api: MintRoutesApi): readonly Endpoint[] {
  const ofPath = (call: { param(name: string): string; opId(): string }) => ({
    ...{ method: call.param('method'), opId: call.opId() },
  });
  return [
    post(
      '/v1/mint/:method',
      { nut: '04', summary: 'Signs outputs for a paid quote', body: MINT_REQUEST, answer: SIGNATURES },
      (body, call) => issueTokens(api, { ...body, ...ofPath(call) }),
    ),
    post(
      '/v1/mint/:method/batch',
      { nut: '29', summary: 'Signs outputs for several quotes at once', body: BATCH_MINT_REQUEST, answer: SIGNATURES },
      (body, call) => issueBatch(api, { ...body, ...ofPath(call) }),
    ),
  ];
}
