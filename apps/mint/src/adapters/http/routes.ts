import type { FastifyInstance, FastifyRequest } from 'fastify';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { operationId } from '../../domain/operation.ts';
import { type Refusal, refusal, type RefusalCode } from '../../domain/refusals.ts';
import { checkState } from '../../flows/check-state.ts';
import { findQuote } from '../../flows/find-quote.ts';
import { type IssuePorts, issueTokens } from '../../flows/issue-tokens.ts';
import { type LookupPorts, lookupQuotes } from '../../flows/lookup-quotes.ts';
import { restoreSignatures } from '../../flows/restore-signatures.ts';
import { swap, type SwapPorts } from '../../flows/swap.ts';
import {
  answered,
  type HttpAnswer,
  keysAnswer,
  keysetsAnswer,
  pageAnswer,
  refused,
  renderQuote,
  restoreAnswer,
  signaturesAnswer,
  statesAnswer,
} from './answers.ts';
import { readBody } from './body-reader.ts';
import type { JsonObject, Renderable } from './json-text.ts';
import { type MintIdentity, mintInfo } from './mint-info.ts';
import { lookupRequestIn, mintRequestIn, restoredPointsIn, swapRequestIn, ysIn } from './request-bodies.ts';

export interface MintApi extends SwapPorts, IssuePorts, LookupPorts {
  readonly identity: MintIdentity;
}

const NO_BODY = new Uint8Array(0);

/**
 * The NUT HTTP API. `check` and `batch` (NUT-29), melts (05) and the WebSocket (17) join here; `pubkey` is matched before a
 * quote id.
 */
export function registerRoutes(app: FastifyInstance, api: MintApi): void {
  registerKeys(app, api);
  registerOperations(app, api);
  registerQuotes(app, api);
  registerStates(app, api);
}

function registerKeys(app: FastifyInstance, { keysets, control, clock, identity }: MintApi): void {
  app.get('/v1/info', () =>
    answered(mintInfo(identity, clock.now(), { level: control.level(), keysets: keysets.all() })),
  );
  app.get('/v1/keysets', () => answered(keysetsAnswer(keysets.all())));
  app.get('/v1/keys', () => answered(keysAnswer(keysets.all().filter(({ active }) => active))));
  app.get<{ Params: { id: string } }>('/v1/keys/:id', ({ params }) => {
    const keyset = keysets.get(params.id.toLowerCase());
    return keyset === undefined ? refused(refusal('keyset-unknown')) : answered(keysAnswer([keyset]));
  });
}

function registerOperations(app: FastifyInstance, api: MintApi): void {
  app.post('/v1/swap', async (request) => {
    const body = read(request, swapRequestIn);
    return answerOf(body.ok ? await swap(api, opIdOf(request), body.value) : body, signaturesAnswer);
  });
  app.post<{ Params: { method: string } }>('/v1/mint/:method', async (request) => {
    const body = read(request, mintRequestIn);
    const { method } = request.params;
    const answer = body.ok ? await issueTokens(api, { ...body.value, method, opId: opIdOf(request) }) : body;
    return answerOf(answer, signaturesAnswer);
  });
}

function registerQuotes(app: FastifyInstance, api: MintApi): void {
  // Quotes of audited work are made by batches only: whoever sees a share first could squat it here.
  app.post('/v1/mint/quote/:method', () =>
    refused(refusal('minting-disabled', 'quotes of this method are not made here')),
  );
  app.post<{ Params: { method: string } }>('/v1/mint/quote/:method/pubkey', async (request) => {
    const body = read(request, lookupRequestIn);
    const { method } = request.params;
    return answerOf(body.ok ? await lookupQuotes(api, { ...body.value, method }) : body, pageAnswer);
  });
  app.get<{ Params: { method: string; quote: string } }>('/v1/mint/quote/:method/:quote', async ({ params }) =>
    answerOf(await findQuote(api, params.method, params.quote), renderQuote),
  );
}

function registerStates(app: FastifyInstance, api: MintApi): void {
  app.post('/v1/checkstate', async (request) => {
    const ys = atMost(read(request, ysIn), api.limits.inputs, 'too-many-inputs');
    return answerOf(ys.ok ? ok(await checkState(api, ys.value)) : ys, statesAnswer);
  });
  app.post('/v1/restore', async (request) => {
    const bs = atMost(read(request, restoredPointsIn), api.limits.outputs, 'too-many-outputs');
    return answerOf(bs.ok ? ok(await restoreSignatures(api, bs.value)) : bs, restoreAnswer);
  });
}

/** Without query: the op id is of the path and the body. */
function opIdOf(request: FastifyRequest): string {
  const [path = ''] = request.url.split('?');
  return operationId(path, bodyOf(request));
}

function bodyOf({ body }: FastifyRequest): Uint8Array {
  return body instanceof Uint8Array ? body : NO_BODY;
}

function read<T>(request: FastifyRequest, parse: (body: JsonObject) => T): Result<T, Refusal> {
  return readBody(bodyOf(request), parse);
}

function answerOf<T>(result: Result<T, Refusal>, render: (value: T) => Renderable): HttpAnswer {
  return result.ok ? answered(render(result.value)) : refused(result.error);
}

function atMost<T>(
  list: Result<readonly T[], Refusal>,
  max: number,
  code: Extract<RefusalCode, 'too-many-inputs' | 'too-many-outputs'>,
): Result<readonly T[], Refusal> {
  return list.ok && list.value.length > max ? err(refusal(code, `more than ${max}`)) : list;
}
