import { IssuanceLevel } from '@assay/proto/gen/assay/mint/v1/events';
import { MintServiceService } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { grpcClient } from '@assay/shared/runtime/grpc-client';
import { freePort } from '@assay/testkit/server-process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type MintProcesses, startMintProcesses } from './mint-processes.ts';

let processes: MintProcesses;

beforeAll(async () => {
  processes = await startMintProcesses(1, { NATS_URL: `nats://127.0.0.1:${await freePort()}` });
});

afterAll(() => processes.stop());

test('a mint that starts while NATS is away serves wallets, and is paused by teams all the same', async () => {
  const { url, teams } = processes.mints[0] ?? expect.fail('no mint');
  const client = grpcClient(MintServiceService, {
    url: teams,
    deadlineMs: 10_000,
    metadata: { 'x-assay-caller': 'auditor' },
  });
  expect((await fetch(`${url}/v1/keys`)).status).toBe(200);
  const pause = { requestId: 'p-1', level: IssuanceLevel.ISSUANCE_LEVEL_ISSUANCE, reason: 'a drill', breachId: '' };
  expect((await client.pauseIssuance(pause)).control?.level).toBe(IssuanceLevel.ISSUANCE_LEVEL_ISSUANCE);
  const info = (await (await fetch(`${url}/v1/info`)).json()) as { nuts: Record<string, { disabled?: boolean }> };
  expect(info.nuts['4']?.disabled).toBe(true);
  client.close();
});
