import {
  type CreateQuoteRequest,
  type CreateQuoteResponse,
  MintServiceService,
} from '@assay/proto/gen/assay/mint/v1/mint_service';
import { toHex } from '@assay/shared/kernel/bytes';
import { type CallContext, GrpcFault } from '@assay/shared/runtime/grpc-server';
import type { RequestIds } from '@assay/shared/runtime/request-ids';
import type { FundedMethod, FundedRequest } from '../../domain/funded-quote.ts';
import { createFundedQuote, type FundedQuotePorts, type FundedRefusal } from '../../flows/create-funded-quote.ts';
import { named } from './commands.ts';
import { renderQuote } from './quote-message.ts';
import { parseRequestUnit } from './request-unit.ts';

export interface CreateQuotePorts extends FundedQuotePorts {
  readonly requestIds: RequestIds;
}

/** Who may make quotes of which method (03-mint section 10). */
const METHOD_OF_CALLER: Readonly<Record<string, FundedMethod>> = { rewards: 'reward', registry: 'escrow' };
const REFERENCE = /^[A-Za-z0-9._:/-]{1,96}$/;
const KEY_BYTES = 33;

const REFUSALS = {
  REFERENCE_REUSED: 'the reference was used with other content',
  FUND_TOO_LOW: 'the fund of the unit has less than the amount',
  ISSUANCE_PAUSED: 'issuance is paused',
  CONFLICT: 'concurrent changes of the fund, repeat the request',
  DEPENDENCY_UNAVAILABLE: 'the keysets are not known at the moment',
} as const satisfies Record<FundedRefusal, string>;

/** `MintService.CreateQuote`. */
export function createQuote(
  ports: CreateQuotePorts,
  request: CreateQuoteRequest,
  call: CallContext,
): Promise<CreateQuoteResponse> {
  const asked = parseRequest(request, call.caller);
  return named(ports.requestIds, MintServiceService.createQuote, request, call, async () => {
    const quote = await createFundedQuote(ports, asked);
    if (!quote.ok) throw new GrpcFault(quote.error, REFUSALS[quote.error]);
    return { quote: renderQuote(quote.value) };
  });
}

function parseRequest(request: CreateQuoteRequest, caller: string): FundedRequest {
  const { reference, amount, pubkey } = request;
  const method = METHOD_OF_CALLER[caller];
  if (method === undefined || method !== request.method) {
    throw new GrpcFault('METHOD_NOT_CREATABLE', 'rewards makes quotes of reward, registry of escrow');
  }
  if (!REFERENCE.test(reference)) {
    throw new GrpcFault('REQUEST_INVALID', 'reference: expected 1 to 96 of A-Z, a-z, 0-9 and ._:/-');
  }
  if (pubkey.length !== KEY_BYTES) throw new GrpcFault('REQUEST_INVALID', 'pubkey: expected 33 bytes');
  return { method, reference, unit: parseRequestUnit(request.unit), amount, pubkey: toHex(pubkey) };
}
