import type { ListQuotesRequest } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { toHex } from '@assay/shared/kernel/bytes';
import { GrpcFault } from '@assay/shared/runtime/grpc-server';
import { parseQuoteMethod } from '../../domain/quote.ts';
import type { QuoteFilter } from '../../watch-ports.ts';
import { parseState } from './quote-message.ts';

/** The fields by which quotes are listed and watched. */
export type WireFilter = Pick<ListQuotesRequest, 'method' | 'poolId' | 'pubkey' | 'state'>;

/**
 * An empty field asks for any.
 * @throws GrpcFault REQUEST_INVALID
 */
export function parseFilter({ method: named, poolId, pubkey, state: wire }: WireFilter): QuoteFilter {
  const [method, state] = [parseQuoteMethod(named), parseState(wire)];
  if (named !== '' && method === undefined) throw new GrpcFault('REQUEST_INVALID', 'there is no such method');
  return {
    ...(method === undefined ? {} : { method }),
    ...(poolId === '' ? {} : { poolId }),
    ...(pubkey.length === 0 ? {} : { pubkey: toHex(pubkey) }),
    ...(state === undefined ? {} : { state }),
  };
}
