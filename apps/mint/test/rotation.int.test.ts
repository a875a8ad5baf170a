import { MintAdminServiceService, MintServiceService } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { present } from '@assay/shared/kernel/assert';
import { grpcClient } from '@assay/shared/runtime/grpc-client';
import { until } from '@assay/testkit/until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type MintProcesses, startMintProcesses } from './mint-processes.ts';

const NINETY_DAYS_S = 90 * 86_400;

let processes: MintProcesses;
beforeAll(async () => {
  processes = await startMintProcesses(1);
});
afterAll(() => processes.stop());

test('a rotation at the real signatory is one, whatever is killed while it is asked for, and wallets see it', async () => {
  const mint = present(processes.mints[0], 'mint');
  const admin = grpcClient(MintAdminServiceService, { url: mint.operators, deadlineMs: 20_000 });
  const teams = grpcClient(MintServiceService, { url: mint.teams, deadlineMs: 20_000 });
  const finalExpiry = BigInt(Math.floor(Date.now() / 1_000) + NINETY_DAYS_S + 3_600);
  const request = { requestId: 'r-1', reason: 'a test', unit: 'HASH', inputFeePpk: 7n, finalExpiry, amounts: [1n, 2n] };
  const before = await teams.listKeysets({ unit: 'HASH' });

  const asked = admin.rotateKeyset(request).catch(() => undefined);
  await until('it is noted', async () => {
    const noted = await processes.database.db.collection('rotations').countDocuments();
    return noted > 0 ? true : undefined;
  });
  await mint.process.kill();
  await asked;
  await mint.process.restart();

  const rotated = await until('it is answered', () => admin.rotateKeyset(request).catch(() => undefined), 60_000);
  expect(rotated.keyset).toMatchObject({ unit: 'HASH', active: true, inputFeePpk: 7n, finalExpiry, amounts: [1n, 2n] });
  expect(await admin.rotateKeyset(request)).toEqual(rotated);
  const after = await until('the mint has heard of it', async () => {
    const { keysets } = await teams.listKeysets({ unit: 'HASH' });
    return keysets.length > before.keysets.length ? keysets : undefined;
  });
  expect(after).toHaveLength(before.keysets.length + 1);
  expect(after.filter(({ active }) => active).map(({ keysetId }) => keysetId)).toEqual([rotated.keyset?.keysetId]);
  const shown = (await (await fetch(`${mint.url}/v1/keys`)).json()) as { keysets: { id: string; unit: string }[] };
  expect(shown.keysets.filter(({ unit }) => unit === 'hash').map(({ id }) => id)).toEqual([rotated.keyset?.keysetId]);
  const told = await until('it is told', async () => {
    const untold = { 'outbox.0': { $exists: false } };
    return (await processes.database.db.collection('rotations').findOne(untold)) ?? undefined;
  });
  expect(told['state']).toBe('ROTATED');
  admin.close();
  teams.close();
}, 120_000);
