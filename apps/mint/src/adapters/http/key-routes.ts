import { err, ok } from '@assay/shared/kernel/result';
import type { Clock } from '@assay/shared/kernel/clock';
import { refusal } from '../../domain/refusals.ts';
import type { IssuanceControl, Keysets } from '../../ports.ts';
import { KEYS, KEYSETS } from './answers.ts';
import { type Endpoint, get } from './endpoint.ts';
import { INFO, type MintCapabilities, type MintIdentity } from './mint-info.ts';

export interface KeysApi extends Omit<MintCapabilities, 'keysets' | 'level' | 'now'> {
  readonly keysets: Keysets;
  readonly control: IssuanceControl;
  readonly clock: Clock;
  readonly identity: MintIdentity;
}

/** NUT-01, 02 and 06. */
export function keyEndpoints(api: KeysApi): readonly Endpoint[] {
  const { keysets, control, clock } = api;
  return [
    get('/v1/info', { nut: '06', summary: 'What this mint is and can do', answer: INFO }, () =>
      ok({ ...api, now: clock.now(), level: control.level(), keysets: keysets.all() }),
    ),
    get('/v1/keysets', { nut: '02', summary: 'All keysets', answer: KEYSETS, isShared: true }, () => ok(keysets.all())),
    get('/v1/keys', { nut: '01', summary: 'Keys of the active keysets', answer: KEYS, isShared: true }, () =>
      ok(keysets.all().filter(({ active }) => active)),
    ),
    get('/v1/keys/:id', { nut: '01', summary: 'Keys of one keyset', answer: KEYS, isShared: true }, (call) => {
      const keyset = keysets.get(call.param('id').toLowerCase());
      return keyset === undefined ? err(refusal('keyset-unknown')) : ok([keyset]);
    }),
  ];
}
