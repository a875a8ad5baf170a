import { toHex, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { metricsPortOf } from '@assay/shared/runtime/config';
import { startNats } from '@assay/testkit/servers';
import { type TestDatabase, testDatabase } from '@assay/testkit/mongo';
import { freeGrpcPort, freePort, type ServerProcess, startProcess } from '@assay/testkit/server-process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AUDITOR_KEYS, POOLS } from './signed-facts.ts';

const SIGNATORY = fileURLToPath(new URL('../../signatory/src/main.ts', import.meta.url));
const MINT = fileURLToPath(new URL('../src/main.ts', import.meta.url));

export interface MintProcesses {
  readonly database: TestDatabase;
  readonly natsUrl: string;
  readonly signatory: ServerProcess;
  readonly signatoryUrl: string;
  /** Each a process of its own before one database and one signatory. */
  readonly mints: readonly {
    readonly process: ServerProcess;
    readonly url: string;
    /** `host:port` of MintService, and of MintAdminService. */
    readonly teams: string;
    readonly operators: string;
  }[];
  stop(): Promise<void>;
}

/** The mint as it is deployed: signatory, `count` instances, NATS and MongoDB, all real. */
export async function startMintProcesses(count: number, settings: NodeJS.ProcessEnv = {}): Promise<MintProcesses> {
  const dir = mkdtempSync(join(tmpdir(), 'mint-'));
  const [database, nats] = [await testDatabase(), await startNats()];
  const common = { PATH: process.env['PATH'], NODE_ENV: 'test', MONGODB_URI: database.uri, NATS_URL: nats.url };
  const { signatory, url } = await startSignatory(dir, common, database.database);
  const mints: MintProcesses['mints'][number][] = [];
  for (let index = 0; index < count; index += 1) {
    const places = { MINT_SIGNATORY_URL: url, MINT_MONGODB_DATABASE: database.database };
    mints.push(await startMint(dir, { ...common, ...settings, ...places }));
  }
  const stop = async () => {
    for (const { process: mint } of mints) await mint.stop();
    await signatory.stop();
    await nats.stop();
    await database.drop();
    rmSync(dir, { recursive: true });
  };
  return { database, natsUrl: nats.url, signatory, signatoryUrl: url, mints, stop };
}

async function startSignatory(dir: string, common: NodeJS.ProcessEnv, database: string) {
  const port = await freeGrpcPort();
  const signatory = await startProcess({
    name: 'signatory',
    program: process.execPath,
    args: [SIGNATORY],
    env: {
      ...common,
      SIGNATORY_MONGODB_DATABASE: `${database}_keys`,
      SIGNATORY_PORT: String(port),
      SIGNATORY_MASTER_FILE: secretFile(dir, 'master'),
    },
    logFile: join(dir, 'signatory.log'),
    probe: () => ready(metricsPortOf(port)),
  });
  return { signatory, url: `127.0.0.1:${port}` };
}

async function startMint(dir: string, common: NodeJS.ProcessEnv) {
  const [http, grpc, admin] = [await freePort(), await freeGrpcPort(), await freePort()];
  const mint = await startProcess({
    name: 'mint',
    program: process.execPath,
    args: [MINT],
    env: {
      ...common,
      MINT_HTTP_PORT: String(http),
      MINT_GRPC_PORT: String(grpc),
      MINT_ADMIN_GRPC_PORT: String(admin),
      MINT_POOLS: JSON.stringify(Object.fromEntries(POOLS)),
      MINT_AUDITOR_KEYS: JSON.stringify([...AUDITOR_KEYS]),
      MINT_IDENTITY_KEY_FILE: secretFile(dir, 'identity'),
      MINT_RATE_PER_IP_MIN: '0',
    },
    logFile: join(dir, `mint-${http}.log`),
    probe: () => ready(metricsPortOf(grpc)),
  });
  const [teams, operators] = [`127.0.0.1:${grpc}`, `127.0.0.1:${admin}`];
  return { process: mint, url: `http://127.0.0.1:${http}`, teams, operators };
}

async function ready(port: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  if (!response.ok) throw new Error(await response.text());
}

function secretFile(dir: string, name: string): string {
  const path = join(dir, name);
  writeFileSync(path, `${toHex(sha256(utf8(`${name} of the tests`)))}\n`);
  return path;
}
