import { present } from '@assay/shared/kernel/assert';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { aKeyset, memoryKeysets, memorySignatory } from '../../../test/memory-keys.ts';
import { type SignatoryServer, signatoryServer } from '../../../test/memory-signatory-server.ts';
import { blind, unblind } from '../../../test/wallet-secrets.ts';
import { grpcSignatory } from './grpc-signatory.ts';

const KNOWN = aKeyset({ name: 'known' });
const GHOST = aKeyset({ name: 'ghost' });

let server: SignatoryServer;
beforeEach(async () => {
  server = await signatoryServer([KNOWN]);
});
afterEach(() => server.end());

async function aProof(name: string, keyset: typeof KNOWN) {
  const blinded = blind(name, 4n, keyset);
  const signed = await memorySignatory(memoryKeysets([keyset])).blindSign([blinded.output]);
  return unblind(blinded, present(signed.ok ? signed.value[0] : undefined, 'signature'), keyset);
}

it('what the signatory cannot verify is a fault of its own request, and none of its neighbours', async () => {
  const signatory = grpcSignatory(server.client);
  const requests = await Promise.all([aProof('one', KNOWN), aProof('two', GHOST), aProof('three', KNOWN)]);
  const [one, two, three] = await Promise.allSettled(requests.map((proof) => signatory.verifyProofs([proof])));
  expect([one, three]).toEqual([
    { status: 'fulfilled', value: true },
    { status: 'fulfilled', value: true },
  ]);
  expect(two).toMatchObject({
    status: 'rejected',
    reason: { message: expect.stringContaining('not known') as string },
  });
  expect(server.calls()).toBe(1 + 3);
});
