import type { FastifyInstance } from 'fastify';
import { swap, type SwapPorts } from '../../flows/swap.ts';
import { signaturesAnswer } from './answers.ts';
import { answerOf, opIdOf, read } from './endpoint.ts';
import { swapRequestIn } from './request-bodies.ts';

/** NUT-03. */
export function registerSwap(app: FastifyInstance, api: SwapPorts): void {
  app.post('/v1/swap', async (request) => {
    const body = read(request, swapRequestIn);
    return answerOf(body.ok ? await swap(api, opIdOf(request), body.value) : body, signaturesAnswer);
  });
}
