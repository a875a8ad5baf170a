import { ok } from '@assay/shared/kernel/result';
import type { RequestLimits } from '../../domain/request.ts';
import { checkState } from '../../flows/check-state.ts';
import { restoreSignatures } from '../../flows/restore-signatures.ts';
import { RESTORED, STATES } from './answers.ts';
import { type Endpoint, post, refuseBeyond } from './endpoint.ts';
import { RESTORED_POINTS, YS } from './request-bodies.ts';

export type StatesApi = Parameters<typeof checkState>[0] &
  Parameters<typeof restoreSignatures>[0] & { readonly limits: RequestLimits };

/** NUT-07 and 09. */
export function stateEndpoints(api: StatesApi): readonly Endpoint[] {
  const { limits } = api;
  return [
    post(
      '/v1/checkstate',
      { nut: '07', summary: 'Whether proofs are spent', body: YS, answer: STATES },
      async (ys) => refuseBeyond(ys, limits.inputs, 'too-many-inputs') ?? ok(await checkState(api, ys)),
    ),
    post(
      '/v1/restore',
      { nut: '09', summary: 'Signatures that were given before', body: RESTORED_POINTS, answer: RESTORED },
      async (bs) => refuseBeyond(bs, limits.outputs, 'too-many-outputs') ?? ok(await restoreSignatures(api, bs)),
    ),
  ];
}
