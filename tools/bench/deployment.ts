import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from '@assay/testkit/find-server';
import type { ServerProcess } from '@assay/testkit/server-process';
import { startMongod, startNats } from '@assay/testkit/servers';
import { freePortBase } from '../stack/free-port-base.ts';
import { type Identity, loadIdentity } from '../stack/identity.ts';
import { DEFAULT_OPTIONS, type StackOptions } from '../stack/options.ts';
import { type PlanInputs, planServices } from '../stack/service-plan.ts';
import { instanceName, type ServiceInstance, startService } from '../stack/service-process.ts';
import type { BitcoinNode } from '../stack/servers.ts';

export interface DeploymentOptions {
  /** Settings by service; they may name files of the data directory. */
  readonly overrides: (dataDir: string) => NonNullable<PlanInputs['overrides']>;
  readonly replicas?: Partial<StackOptions['replicas']>;
  readonly creditShift?: number;
  readonly node?: BitcoinNode;
  readonly profileDir: string | undefined;
}

/** Real NATS and MongoDB, and of the services those that a benchmark is about, each a process of its own. */
export interface Deployment {
  readonly options: StackOptions;
  readonly identity: Identity;
  readonly dataDir: string;
  readonly natsUrl: string;
  readonly mongoUri: string;
  /** The setting of an instance, started or not. */
  setting(name: string, key: string): string;
  start(...names: readonly string[]): Promise<void>;
  /** Name → pid of everything that runs, servers as `nats` and `mongod`. */
  pids(): Record<string, number>;
  stop(): Promise<void>;
}

/** What a service is told when a benchmark has no node for it. */
const NO_NODE: BitcoinNode = { url: 'http://127.0.0.1:9', credentialsFile: '/dev/null' };

/** Services run as they would in production, without export of spans; their settings are those of the local stack. */
export async function startDeployment(wanted: DeploymentOptions): Promise<Deployment> {
  mkdirSync(join(CACHE, 'run'), { recursive: true });
  const dataDir = mkdtempSync(join(CACHE, 'run/bench-'));
  const options: StackOptions = {
    ...DEFAULT_OPTIONS,
    replicas: { ...DEFAULT_OPTIONS.replicas, ...wanted.replicas },
    portBase: await freePortBase(),
    dataDir,
    creditShift: wanted.creditShift ?? 0,
  };
  const identity = loadIdentity(dataDir);
  const nats = await startNats({ dataDir: join(dataDir, 'nats') });
  const mongod = await startMongod({ dataDir: join(dataDir, 'mongod') });
  const servers = { natsUrl: nats.url, mongoUri: mongod.uri, bitcoind: wanted.node ?? NO_NODE };
  const running = new Map<string, ServerProcess>([
    ['nats', nats],
    ['mongod', mongod],
  ]);
  const overrides = wanted.overrides(dataDir);
  const planned = planServices({ options, identity, servers, otlpUrl: '', overrides });
  const instances = new Map(planned.map((instance) => [instanceName(instance), measurable(instance, wanted)] as const));
  const instanceOf = (name: string) => {
    const instance = instances.get(name);
    if (instance === undefined) throw new Error(`no instance named ${name} was planned`);
    return instance;
  };
  return {
    ...{ options, identity, dataDir, natsUrl: nats.url, mongoUri: mongod.uri },
    setting: (name, key) => instanceOf(name).env[key] ?? '',
    start: async (...names) => {
      for (const name of names) running.set(name, await startService(instanceOf(name), dataDir));
    },
    pids: () => Object.fromEntries([...running].map(([name, server]) => [name, server.pid()])),
    stop: async () => {
      for (const server of [...running.values()].reverse()) await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function measurable(instance: ServiceInstance, { profileDir }: DeploymentOptions): ServiceInstance {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: _, ...env } = instance.env;
  if (profileDir === undefined) return { ...instance, env };
  return { ...instance, env: { ...env, NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileDir}` } };
}
