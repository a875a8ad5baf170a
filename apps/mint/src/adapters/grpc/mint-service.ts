import {
  type GetQuoteRequest,
  type GetQuoteResponse,
  type ListQuotesRequest,
  type ListQuotesResponse,
  MintServiceService,
  type PauseIssuanceRequest,
  type PauseIssuanceResponse,
} from '@assay/proto/gen/assay/mint/v1/mint_service';
import { unixMs } from '@assay/shared/kernel/clock';
import type { AdminLog } from '@assay/shared/runtime/admin-log';
import { type CallContext, GrpcFault, implement, type Implementation } from '@assay/shared/runtime/grpc-server';
import { pageSize } from '@assay/shared/runtime/paging';
import { traceIdOf } from '@assay/shared/runtime/telemetry';
import type { Pause } from '../../domain/control.ts';
import { ehashKey, parseQuoteMethod, type Quote } from '../../domain/quote.ts';
import { getSupply } from '../../flows/get-supply.ts';
import type { LiabilitiesPorts } from '../../flows/sign-liabilities.ts';
import { pauseIssuance, type PausePorts } from '../../flows/pause-issuance.ts';
import type { RedeemPorts } from '../../flows/redeem-proofs.ts';
import type { QuoteBrowser, QuoteOperations, QuotePosition, QuoteReader, Quotes } from '../../ports.ts';
import { logged, personOf } from './commands.ts';
import { parsePauseLevel, renderControl } from './control-message.ts';
import { createQuote, type CreateQuotePorts } from './create-quote.ts';
import { renderFund } from './fund-message.ts';
import { sign } from './liabilities.ts';
import { parseFilter } from './quote-filter.ts';
import { renderQuote } from './quote-message.ts';
import { redeem } from './redeem-proofs.ts';
import { optionalTime } from './request-time.ts';
import { type SealedTokens, sealedTokens } from './sealed-tokens.ts';
import { renderKeyset, renderSupply } from './supply-message.ts';
import { watchesOf, type WatchQuotesPorts } from './watch-quotes.ts';

export type MintServicePorts = LiabilitiesPorts &
  CreateQuotePorts &
  RedeemPorts &
  WatchQuotesPorts & {
    readonly quotes: Quotes;
    readonly reader: Pick<QuoteReader, 'findByIds'> & QuoteBrowser;
    readonly steps: QuoteOperations;
    readonly pause: PausePorts;
    readonly log: AdminLog;
  };

/** `assay.mint.v1.MintService`. */
export function mintService(ports: MintServicePorts): Implementation {
  const tokens = sealedTokens(ports.identitySecret);
  return implement(MintServiceService, {
    getQuote: (request) => getQuote(ports, request),
    listQuotes: (request) => listQuotes(ports, tokens, request),
    listKeysets: async ({ unit }) => {
      const keysets = ports.keysets.all().filter((keyset) => unit === '' || keyset.unit === unit.toLowerCase());
      return { keysets: keysets.map(renderKeyset) };
    },
    getSupply: async ({ atMs }) => {
      const supply = await getSupply(ports, optionalTime(atMs));
      if (!supply.ok) throw new GrpcFault(supply.error, 'operations may still join a cut that is younger than 60 s');
      return { ...renderSupply(supply.value), funds: (await ports.funds.list()).map(renderFund) };
    },
    pauseIssuance: (request, call) => pause(ports, request, call),
    createQuote: (request, call) => createQuote(ports, request, call),
    redeemProofs: (request, call) => redeem(ports, request, call),
    signLiabilities: (request) => sign(ports, request),
    watchQuotes: watchesOf(ports),
  });
}

async function getQuote(ports: MintServicePorts, request: GetQuoteRequest): Promise<GetQuoteResponse> {
  const quote = await findQuote(ports, request);
  if (quote === undefined) throw new GrpcFault('QUOTE_UNKNOWN', 'there is no such quote');
  return {
    quote: renderQuote(quote),
    traceId: traceIdOf(quote.trace),
    opIds: [...(await ports.steps.operationsOf(quote.naturalKey, quote.issueCount))],
  };
}

async function findQuote({ quotes, reader }: MintServicePorts, { by }: GetQuoteRequest): Promise<Quote | undefined> {
  switch (by?.$case) {
    case 'quoteId':
      return (await reader.findByIds([by.value]))[0];
    case 'reference':
      return parseQuoteMethod(by.value.method) && quotes.find(`${by.value.method}:${by.value.reference}`);
    case 'batch':
      return quotes.find(ehashKey(by.value.poolId, by.value.batchId));
    case undefined:
      throw new GrpcFault('REQUEST_INVALID', 'name a quote id, a reference or a batch');
  }
}

async function listQuotes(
  { reader }: MintServicePorts,
  tokens: SealedTokens,
  request: ListQuotesRequest,
): Promise<ListQuotesResponse> {
  const createdFrom = optionalTime(request.createdFromMs);
  const createdBefore = optionalTime(request.createdBeforeMs);
  const { quotes, next } = await reader.list({
    ...parseFilter(request),
    ...(createdFrom === undefined ? {} : { createdFrom }),
    ...(createdBefore === undefined ? {} : { createdBefore }),
    after: parsePosition(tokens, request.pageToken),
    limit: pageSize(request.pageSize),
  });
  return { quotes: quotes.map(renderQuote), nextPageToken: next === undefined ? '' : renderPosition(tokens, next) };
}

function pause(
  { pause: ports, log }: MintServicePorts,
  request: PauseIssuanceRequest,
  call: CallContext,
): Promise<PauseIssuanceResponse> {
  const { reason, breachId } = request;
  const level = parsePauseLevel(request.level);
  if (level === undefined) throw new GrpcFault('REQUEST_INVALID', 'level is ISSUANCE or ALL');
  const pausing = { level, by: personOf(call), ...causeOf(reason, breachId, call) };
  return logged(log, MintServiceService.pauseIssuance, request, call, async () => ({
    control: renderControl(await pauseIssuance(ports, pausing)),
  }));
}

/** Only the auditor opens breaches: one that it does not know it never acknowledges, and the mint could not be resumed. */
function causeOf(reason: string, breachId: string, { caller }: CallContext): Pick<Pause, 'reason' | 'breachId'> {
  if (breachId === '') return { reason };
  return caller === 'auditor' ? { reason, breachId } : { reason: `${breachId}: ${reason}` };
}

function renderPosition(tokens: SealedTokens, { createdAt, naturalKey }: QuotePosition): string {
  return tokens.seal({ createdAt: String(createdAt), naturalKey });
}

function parsePosition(tokens: SealedTokens, token: string): QuotePosition | undefined {
  if (token === '') return undefined;
  const { createdAt, naturalKey } = tokens.open(token);
  if (naturalKey === undefined || createdAt === undefined || !/^[0-9]{1,15}$/.test(createdAt)) {
    throw new GrpcFault('PAGE_TOKEN_INVALID', 'page_token is not one that this method returned');
  }
  return { createdAt: unixMs(Number(createdAt)), naturalKey };
}
