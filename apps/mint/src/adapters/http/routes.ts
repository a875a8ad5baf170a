import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { SwapPorts } from '../../flows/swap.ts';
import { JSON_TYPE } from './answers.ts';
import { COMPRESSED_FROM_BYTES } from './browser-support.ts';
import { bodyOf, type Endpoint } from './endpoint.ts';
import { renderJson } from './json-text.ts';
import { keyEndpoints, type KeysApi } from './key-routes.ts';
import { meltEndpoints, type MeltRoutesApi } from './melt-routes.ts';
import { mintEndpoints, type MintRoutesApi } from './mint-routes.ts';
import { openApi } from './openapi.ts';
import { packedTexts } from './packed-answers.ts';
import { LONG_BODY_BYTES } from './request-limits.ts';
import { stateEndpoints, type StatesApi } from './state-routes.ts';
import { swapEndpoints } from './swap-routes.ts';

export type MintApi = KeysApi & SwapPorts & MintRoutesApi & MeltRoutesApi & StatesApi;

/** The NUT HTTP API, and its own description. */
export function registerRoutes(app: FastifyInstance, api: MintApi): void {
  const endpoints = endpointsOf(api);
  const send = sendShared();
  for (const { method, path, isShared, handle } of endpoints) {
    app.route({
      ...{ method, url: path },
      handler: async (request, reply) => {
        const isLong = bodyOf(request).length > LONG_BODY_BYTES;
        const answer = await handle(request, isLong ? () => api.turns.next() : atOnce);
        return isShared && answer.status === 200 ? send(request, reply, renderJson(answer.body)) : answer;
      },
    });
  }
  // Rendered once: it is long, and anybody may ask for it.
  const description = renderJson(openApi(api.identity, endpoints));
  app.get('/openapi.json', (request, reply) => send(request, reply, description));
}

const atOnce = () => Promise.resolve();

/** Answers with a text that is the same for everybody, compressed for whoever takes it. */
function sendShared() {
  const pack = packedTexts();
  return ({ headers }: FastifyRequest, reply: FastifyReply, text: string): FastifyReply => {
    const packed = text.length < COMPRESSED_FROM_BYTES ? undefined : pack(text, headers['accept-encoding']?.toString());
    void reply.type(JSON_TYPE).header('vary', 'accept-encoding');
    if (packed === undefined) return reply.send(text);
    return reply.header('content-encoding', packed.encoding).send(packed.bytes);
  };
}

/** Each group of NUTs has its own. */
function endpointsOf(api: MintApi): readonly Endpoint[] {
  return [keyEndpoints, swapEndpoints, mintEndpoints, meltEndpoints, stateEndpoints].flatMap((of) => of(api));
}
