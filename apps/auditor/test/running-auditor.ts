import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BatchAccepted, TemplateDeclared } from '@assay/proto/gen/assay/pool/v1/events';
import { AuditorAdminServiceService, AuditorServiceService } from '@assay/proto/gen/assay/auditor/v1/auditor_service';
import { toHex } from '@assay/shared/kernel/bytes';
import { metricsPortOf } from '@assay/shared/runtime/config';
import { grpcClient } from '@assay/shared/runtime/grpc-client';
import { CALLER_HEADER } from '@assay/shared/runtime/grpc-definition';
import { type HostilePool, startHostilePool } from '@assay/testkit/hostile-pool';
import { type TestDatabase, testDatabase } from '@assay/testkit/mongo';
import { freeGrpcPort, freePort, type ServerProcess, startProcess } from '@assay/testkit/server-process';
import { type NatsServer, startNats } from '@assay/testkit/servers';
import type { BatchDocument } from '../src/adapters/mongo/batch-document.ts';
import type { TemplateDocument } from '../src/adapters/mongo/template-document.ts';
import { type ScriptedNode, startScriptedNode } from './scripted-node.ts';
import { until } from '@assay/testkit/until';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
/** Well known, and good for nothing but tests. */
export const AUDITOR_SECRET = `${'0'.repeat(63)}5`;

export interface AuditorOptions {
  readonly nodes?: readonly string[];
  readonly replicas?: number;
  readonly mintUrl?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Instead of the scripted nodes. */
  readonly nodeConfig?: readonly { id: string; url: string; credentials: string }[];
}

/** One or more auditors as they are deployed, before real NATS and MongoDB, scripted nodes and a hostile pool. */
export interface RunningAuditor {
  readonly database: TestDatabase;
  readonly nats: NatsServer;
  readonly pool: HostilePool;
  readonly nodes: readonly ScriptedNode[];
  readonly auditors: readonly ServerProcess[];
  /** Of the first auditor. */
  readonly service: ReturnType<typeof grpcClient<typeof AuditorServiceService>>;
  /** Of each auditor. */
  readonly services: readonly ReturnType<typeof grpcClient<typeof AuditorServiceService>>[];
  readonly admin: ReturnType<typeof grpcClient<typeof AuditorAdminServiceService>>;
  readonly logFile: string;
  batch(batch: BatchAccepted): Promise<BatchDocument | undefined>;
  /** The batch once it is in one of the states. */
  settled(batch: BatchAccepted, states?: readonly string[], ms?: number): Promise<BatchDocument>;
  template(template: TemplateDeclared): Promise<TemplateDocument | undefined>;
  judged(template: TemplateDeclared, states?: readonly string[], ms?: number): Promise<TemplateDocument>;
  stop(): Promise<void>;
}

export async function startAuditor(options: AuditorOptions = {}): Promise<RunningAuditor> {
  const dir = mkdtempSync(join(tmpdir(), 'auditor-'));
  const [database, nats] = await Promise.all([testDatabase(), startNats()]);
  const pool = await startHostilePool({ natsUrl: nats.url });
  const nodes = await Promise.all((options.nodes ?? ['node-a']).map(startScriptedNode));
  const credentials = join(dir, 'credentials');
  writeFileSync(credentials, 'user:password\n');
  writeFileSync(join(dir, 'key'), `${AUDITOR_SECRET}\n`);
  const env = {
    ...{ PATH: process.env['PATH'], NODE_ENV: 'test', LOG_LEVEL: 'info' },
    ...{ MONGODB_URI: database.uri, NATS_URL: nats.url, AUDITOR_MONGODB_DATABASE: database.database },
    AUDITOR_KEY_FILE: join(dir, 'key'),
    AUDITOR_MINT_URL: options.mintUrl ?? `127.0.0.1:${await freePort()}`,
    AUDITOR_POOLS: JSON.stringify([poolConfig(pool)]),
    AUDITOR_NODES: JSON.stringify(options.nodeConfig ?? nodes.map(({ id, url }) => ({ id, url, credentials }))),
    ...{ AUDITOR_NODE_TIP_POLL_MS: '100', AUDITOR_NODE_TIMEOUT_MS: '1000', AUDITOR_SWEEP_INTERVAL_MS: '500' },
    ...options.env,
  };
  const replicas = Array.from({ length: options.replicas ?? 1 }, (_, index) => startReplica(dir, env, index));
  const started = await Promise.all(replicas);
  const [first] = started;
  if (first === undefined) throw new Error('no replica');
  const stop = async () => {
    await Promise.all(started.map(({ process: auditor }) => auditor.stop()));
    for (const client of started.flatMap(({ service, admin }) => [service, admin])) client.close();
    await Promise.all([pool.stop(), ...nodes.map((node) => node.stop())]);
    await nats.stop();
    await database.drop();
    rmSync(dir, { recursive: true });
  };
  const { service, admin, logFile } = first;
  const auditors = started.map(({ process: auditor }) => auditor);
  const services = started.map((replica) => replica.service);
  return {
    ...{ database, nats, pool, nodes, auditors, service, services, admin, logFile, stop },
    ...lookups(database),
  };
}

function poolConfig(pool: HostilePool) {
  return {
    pool_id: pool.poolId,
    operator_id: 'tests',
    pool_key: pool.poolKey,
    scripts: [toHex(pool.script)],
    credit_shift: pool.creditShift,
    grpc_url: pool.grpcUrl,
  };
}

async function startReplica(dir: string, common: NodeJS.ProcessEnv, index: number) {
  const [grpc, admin] = [await freeGrpcPort(), await freePort()];
  const logFile = join(dir, `auditor-${index}.log`);
  const auditor = await startProcess({
    name: 'auditor',
    program: process.execPath,
    args: [MAIN],
    env: { ...common, AUDITOR_GRPC_PORT: String(grpc), AUDITOR_ADMIN_GRPC_PORT: String(admin) },
    logFile,
    probe: async () => {
      const response = await fetch(`http://127.0.0.1:${metricsPortOf(grpc)}/readyz`);
      if (!response.ok) throw new Error(await response.text());
    },
  });
  const metadata = { [CALLER_HEADER]: 'operator' };
  const call = { deadlineMs: 10_000, metadata };
  return {
    process: auditor,
    logFile,
    service: grpcClient(AuditorServiceService, { url: `127.0.0.1:${grpc}`, ...call }),
    admin: grpcClient(AuditorAdminServiceService, { url: `127.0.0.1:${admin}`, ...call }),
  };
}

function lookups({ db }: TestDatabase): Pick<RunningAuditor, 'batch' | 'settled' | 'template' | 'judged'> {
  const batches = db.collection<BatchDocument>('batches');
  const templates = db.collection<TemplateDocument>('templates');
  const batch = async ({ poolId, batchId }: BatchAccepted) =>
    (await batches.findOne({ _id: `${poolId}/${batchId}` })) ?? undefined;
  const template = async ({ templateId }: TemplateDeclared) =>
    (await templates.findOne({ _id: toHex(templateId) })) ?? undefined;
  const JUDGED = ['VALID', 'INVALID'];
  return {
    batch,
    template,
    settled: (wanted, states = JUDGED, ms = 20_000) =>
      until(
        `batch ${wanted.batchId} ${states.join('/')}`,
        async () => {
          const found = await batch(wanted);
          return found !== undefined && states.includes(found.state) ? found : undefined;
        },
        ms,
      ),
    judged: (wanted, states = JUDGED, ms = 20_000) =>
      until(
        `template ${toHex(wanted.templateId)} ${states.join('/')}`,
        async () => {
          const found = await template(wanted);
          return found !== undefined && states.includes(found.state) ? found : undefined;
        },
        ms,
      ),
  };
}
