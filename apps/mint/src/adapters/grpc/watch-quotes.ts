import type { WatchQuotesRequest, WatchQuotesResponse } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { type Bytes, toHex, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { type CallContext, GrpcFault, GrpcStatusFault } from '@assay/shared/runtime/grpc-server';
import { type WatchPorts, watchQuotes, type WatchUpdate } from '../../flows/watch-quotes.ts';
import { parseFilter, type WireFilter } from './quote-filter.ts';
import { renderQuote } from './quote-message.ts';
import { type SealedTokens, sealedTokens } from './sealed-tokens.ts';

/** Each holds a connection to the database most of the time. */
const WATCHES_MAX = 20;
/** For a caller to take one update. */
const STALL_MS = 60_000;

export interface WatchQuotesPorts extends WatchPorts {
  /** `STALL_MS` when left out. */
  readonly stallMs?: number;
  /** Of the mint, the same at all its instances. */
  readonly identitySecret: Bytes;
}

/** Server streams of `WatchQuotes`, at most `WATCHES_MAX` at a time. */
export function watchesOf(ports: WatchQuotesPorts) {
  const tokens = sealedTokens(ports.identitySecret);
  let open = 0;
  return async function* watch(request: WatchQuotesRequest, call: CallContext): AsyncGenerator<WatchQuotesResponse> {
    if (open >= WATCHES_MAX) throw new GrpcStatusFault('RESOURCE_EXHAUSTED', `more than ${WATCHES_MAX} watches`);
    open += 1;
    try {
      yield* updates({ ...ports, tokens }, request, call);
    } finally {
      open -= 1;
    }
  };
}

async function* updates(
  ports: WatchQuotesPorts & { readonly tokens: SealedTokens },
  request: WatchQuotesRequest,
  { signal }: CallContext,
): AsyncGenerator<WatchQuotesResponse> {
  const scope = scopeOf(request);
  const asked = { filter: parseFilter(request), position: parsePosition(ports.tokens, request.resumeToken, scope) };
  const found = await watchQuotes(ports, { ...asked, isOver: () => signal.aborted });
  if (found === undefined) throw noToken();
  for await (const update of found) {
    let isStalled = false;
    const stalled = () => {
      isStalled = true;
      void found.return();
    };
    const timer = setTimeout(stalled, ports.stallMs ?? STALL_MS);
    yield renderUpdate(ports.tokens, update, scope);
    clearTimeout(timer);
    if (isStalled) throw tooSlow();
  }
}

function renderUpdate(tokens: SealedTokens, update: WatchUpdate, scope: string): WatchQuotesResponse {
  switch (update.is) {
    case 'snapshot':
    case 'change':
      return { update: { $case: update.is, value: renderQuote(update.quote) } };
    case 'bookmark': {
      const { position } = update;
      const resumeToken = position === undefined ? '' : tokens.seal({ position, scope });
      return { update: { $case: 'bookmark', value: { resumeToken, snapshotComplete: position !== undefined } } };
    }
    case 'lost':
      throw update.late ? tooSlow() : new GrpcFault('RESUME_TOKEN_EXPIRED', 'what came next is not known any more');
  }
}

function tooSlow(): GrpcFault {
  return new GrpcFault('WATCH_TOO_SLOW', 'updates were not taken in time; begin again, or at the last bookmark');
}

function noToken(): GrpcFault {
  return new GrpcFault('PAGE_TOKEN_INVALID', 'resume_token is not one that a watch of this filter returned');
}

/** Names the filter: a token goes on with the one that it is of. */
function scopeOf({ method, poolId, pubkey, state }: WireFilter): string {
  return toHex(sha256(utf8(JSON.stringify([method, poolId, toHex(pubkey), state]))));
}

function parsePosition(tokens: SealedTokens, resumeToken: string, scope: string): string | undefined {
  if (resumeToken === '') return undefined;
  const token = tokens.open(resumeToken);
  if (token['position'] === undefined || token['scope'] !== scope) throw noToken();
  return token['position'];
}
