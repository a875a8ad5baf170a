import type { FastifyInstance } from 'fastify';
import { type KeysApi, registerKeys } from './key-routes.ts';
import { type MeltRoutesApi, registerMelt } from './melt-routes.ts';
import { type MintRoutesApi, registerMint } from './mint-routes.ts';
import { registerStates, type StatesApi } from './state-routes.ts';
import { registerSwap } from './swap-routes.ts';
import type { SwapPorts } from '../../flows/swap.ts';

export type MintApi = KeysApi & SwapPorts & MintRoutesApi & MeltRoutesApi & StatesApi;

/** The NUT HTTP API: each group of NUTs registers its own routes. */
export function registerRoutes(app: FastifyInstance, api: MintApi): void {
  registerKeys(app, api);
  registerSwap(app, api);
  registerMint(app, api);
  registerMelt(app, api);
  registerStates(app, api);
}
