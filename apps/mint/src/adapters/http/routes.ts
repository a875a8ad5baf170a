import type { FastifyInstance } from 'fastify';
import type { SwapPorts } from '../../flows/swap.ts';
import { JSON_TYPE } from './answers.ts';
import type { Endpoint } from './endpoint.ts';
import { renderJson } from './json-text.ts';
import { keyEndpoints, type KeysApi } from './key-routes.ts';
import { meltEndpoints, type MeltRoutesApi } from './melt-routes.ts';
import { mintEndpoints, type MintRoutesApi } from './mint-routes.ts';
import { openApi } from './openapi.ts';
import { stateEndpoints, type StatesApi } from './state-routes.ts';
import { swapEndpoints } from './swap-routes.ts';

export type MintApi = KeysApi & SwapPorts & MintRoutesApi & MeltRoutesApi & StatesApi;

/** The NUT HTTP API, and its own description. */
export function registerRoutes(app: FastifyInstance, api: MintApi): void {
  const endpoints = endpointsOf(api);
  for (const { method, path, handle } of endpoints) app.route({ method, url: path, handler: handle });
  // Rendered once: it is long, and anybody may ask for it.
  const description = renderJson(openApi(api.identity, endpoints));
  app.get('/openapi.json', (_, reply) => reply.type(JSON_TYPE).send(description));
}

/** Each group of NUTs has its own. */
function endpointsOf(api: MintApi): readonly Endpoint[] {
  return [keyEndpoints, swapEndpoints, mintEndpoints, meltEndpoints, stateEndpoints].flatMap((of) => of(api));
}
