import type { FastifyInstance } from 'fastify';
import type { Clock } from '@assay/shared/kernel/clock';
import { refusal } from '../../domain/refusals.ts';
import type { IssuanceControl, Keysets } from '../../ports.ts';
import { answered, keysAnswer, keysetsAnswer, refused } from './answers.ts';
import { type MintCapabilities, type MintIdentity, mintInfo } from './mint-info.ts';

export interface KeysApi extends Omit<MintCapabilities, 'keysets' | 'level'> {
  readonly keysets: Keysets;
  readonly control: IssuanceControl;
  readonly clock: Clock;
  readonly identity: MintIdentity;
}

/** NUT-01, 02 and 06. */
export function registerKeys(app: FastifyInstance, api: KeysApi): void {
  const { keysets, control, clock, identity } = api;
  app.get('/v1/info', () =>
    answered(mintInfo(identity, clock.now(), { ...api, level: control.level(), keysets: keysets.all() })),
  );
  app.get('/v1/keysets', () => answered(keysetsAnswer(keysets.all())));
  app.get('/v1/keys', () => answered(keysAnswer(keysets.all().filter(({ active }) => active))));
  app.get<{ Params: { id: string } }>('/v1/keys/:id', ({ params }) => {
    const keyset = keysets.get(params.id.toLowerCase());
    return keyset === undefined ? refused(refusal('keyset-unknown')) : answered(keysAnswer([keyset]));
  });
}
