import { swap, type SwapPorts } from '../../flows/swap.ts';
import { SIGNATURES } from './answers.ts';
import { type Endpoint, post } from './endpoint.ts';
import { SWAP_REQUEST } from './request-bodies.ts';

/** NUT-03. */
export function swapEndpoints(api: SwapPorts): readonly Endpoint[] {
  const about = { nut: '03', summary: 'Exchanges proofs for new signatures', body: SWAP_REQUEST, answer: SIGNATURES };
  return [post('/v1/swap', about, (body, call) => swap(api, call.opId(), body))];
}
