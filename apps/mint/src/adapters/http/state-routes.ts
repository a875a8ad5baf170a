import type { FastifyInstance } from 'fastify';
import { ok } from '@assay/shared/kernel/result';
import type { RequestLimits } from '../../domain/request.ts';
import { checkState } from '../../flows/check-state.ts';
import { restoreSignatures } from '../../flows/restore-signatures.ts';
import { restoreAnswer, statesAnswer } from './answers.ts';
import { answerOf, atMost, read } from './endpoint.ts';
import { restoredPointsIn, ysIn } from './request-bodies.ts';

export type StatesApi = Parameters<typeof checkState>[0] &
  Parameters<typeof restoreSignatures>[0] & { readonly limits: RequestLimits };

/** NUT-07 and 09. */
export function registerStates(app: FastifyInstance, api: StatesApi): void {
  app.post('/v1/checkstate', async (request) => {
    const ys = atMost(read(request, ysIn), api.limits.inputs, 'too-many-inputs');
    return answerOf(ys.ok ? ok(await checkState(api, ys.value)) : ys, statesAnswer);
  });
  app.post('/v1/restore', async (request) => {
    const bs = atMost(read(request, restoredPointsIn), api.limits.outputs, 'too-many-outputs');
    return answerOf(bs.ok ? ok(await restoreSignatures(api, bs.value)) : bs, restoreAnswer);
  });
}
