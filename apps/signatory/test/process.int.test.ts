import { type KeySet, KeysetVersion, SignatoryService } from '@assay/proto/gen/signatory/signatory';
import { toHex, utf8 } from '@assay/shared/kernel/bytes';
import { hashToCurve } from '@assay/shared/kernel/cashu-curve';
import { sha256 } from '@assay/shared/kernel/hash';
import { grpcClient } from '@assay/shared/runtime/grpc-client';
import { type TestDatabase, testDatabase } from '@assay/testkit/mongo';
import { freeGrpcPort, startProcess } from '@assay/testkit/server-process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const SECRET = toHex(sha256(utf8('a master secret of the tests')));

let database: TestDatabase;
let dir: string;

beforeAll(async () => {
  database = await testDatabase();
  dir = mkdtempSync(join(tmpdir(), 'signatory-'));
});

afterAll(async () => {
  rmSync(dir, { recursive: true });
  await database.drop();
});

async function start(secret: string, environment: NodeJS.ProcessEnv = {}, flags: readonly string[] = []) {
  const port = await freeGrpcPort();
  const masterFile = join(dir, `master-${port}`);
  writeFileSync(masterFile, `${secret}\n`);
  const clientWith = (metadata: Record<string, string>) =>
    grpcClient(SignatoryService, {
      url: `127.0.0.1:${port}`,
      deadlineMs: 5_000,
      metadata: { 'x-signatory-schema-version': '2', ...metadata },
    });
  const client = clientWith({});
  const logFile = join(dir, `log-${port}`);
  const server = await startProcess({
    name: 'signatory',
    program: process.execPath,
    args: [...flags, MAIN],
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'test',
      MONGODB_URI: database.uri,
      SIGNATORY_MONGODB_DATABASE: database.database,
      SIGNATORY_PORT: String(port),
      SIGNATORY_MASTER_FILE: masterFile,
      ...environment,
    },
    logFile,
    probe: async () => void (await client.keysets({})),
  });
  return { server, client, clientWith, logOf: () => readFileSync(logFile, 'utf8') };
}

describe('the process', () => {
  test('signs the same after it was killed, has its keys in no log line, and drains on SIGTERM', async () => {
    const { server, client, logOf } = await start(SECRET);
    const { keysets } = await client.keysets({});
    const [keyset] = keysets?.keysets ?? [];
    const message = { amount: 8n, keysetId: keyset?.id ?? Buffer.alloc(0) };
    const blindedMessages = [{ ...message, blindedSecret: Buffer.from(hashToCurve(utf8('x'))) }];
    const before = await client.blindSign({ blindedMessages });
    expect(before.sigs?.blindSignatures.length).toBe(1);

    await server.kill();
    await server.restart();
    expect((await client.keysets({})).keysets).toEqual(keysets);
    expect(await client.blindSign({ blindedMessages })).toEqual(before);

    client.close();
    await server.stop();
    expect(await server.ended()).toBe(0);
    expect(logOf()).not.toContain(SECRET.slice(0, 16));
  });

  test('tells its subscribers what another process rotated, and repeats the rotation after a crash', async () => {
    const [first, second] = await Promise.all([start(SECRET), start(SECRET)]);
    const told = second.client.subscribeKeysets({})[Symbol.asyncIterator]();
    const idsTold = async () => ((await told.next()).value?.keysets?.keysets ?? []).map(({ id }: KeySet) => toHex(id));
    expect(await idsTold()).toHaveLength(2);

    const asking = first.clientWith({ 'x-request-id': 'rotation-1' });
    const rotation = {
      unit: { currencyUnit: { $case: 'unit', value: 1 } } as const,
      ...{
        inputFeePpk: 100n,
        amounts: [1n, 2n],
        finalExpiry: undefined,
        keysetVersion: KeysetVersion.KEYSET_VERSION_V2,
      },
    };
    const { keyset } = await asking.rotateKeyset(rotation);
    expect(await idsTold()).toContain(toHex(keyset?.id ?? Buffer.alloc(0)));

    await first.server.kill();
    await first.server.restart();
    expect(await asking.rotateKeyset(rotation)).toEqual({ error: undefined, keyset });
    await told.return?.();
    for (const client of [asking, first.client, second.client]) client.close();
    await Promise.all([first.server.stop(), second.server.stop()]);
  });

  test('opens no debugger on SIGUSR1, and leaves its memory out of core dumps', async () => {
    const { server, client, logOf } = await start(SECRET);
    process.kill(server.pid(), 'SIGUSR1');
    // The signal is delivered before anything that is sent after it.
    for (let call = 0; call < 20; call += 1) await client.keysets({});
    expect(readFileSync(`/proc/${server.pid()}/coredump_filter`, 'utf8').trim()).toMatch(/^0+$/);
    client.close();
    await server.stop();
    expect(await server.ended()).toBe(0);
    expect(logOf()).not.toContain('Debugger listening');
  });

  test('does not start in production while a debugger is open', async () => {
    const inspected = start(SECRET, { NODE_ENV: 'production' }, ['--inspect=127.0.0.1:0']);
    await expect(inspected).rejects.toThrow('a debugger can be connected');
  });

  test('does not start with another master secret on the same database', async () => {
    await expect(start(toHex(sha256(utf8('another'))))).rejects.toThrow('another master secret');
  });

  test('does not start in production with a secret that has a pattern', async () => {
    await expect(start('7f'.repeat(32), { NODE_ENV: 'production' })).rejects.toThrow('a pattern, not random bytes');
  });

  test('does not start with a key of its prefix that it does not know', async () => {
    await expect(start(SECRET, { SIGNATORY_MASTER_KEY: SECRET })).rejects.toThrow('SIGNATORY_MASTER_KEY');
  });
});
