import { join } from 'node:path';
import { ROOT } from '@assay/testkit/find-server';
import { type ServerProcess, startProcess } from '@assay/testkit/server-process';

export type ServiceName = 'signatory' | 'mint' | 'auditor' | 'pool';

export interface ServiceInstance {
  readonly service: ServiceName;
  readonly replica: number;
  readonly env: Readonly<Record<string, string>>;
  readonly ports: Readonly<Record<string, number>>;
  readonly metricsPort: number;
}

/** `pool`, `pool-1`, … */
export function instanceName(instance: Pick<ServiceInstance, 'service' | 'replica'>): string {
  return instance.replica === 0 ? instance.service : `${instance.service}-${instance.replica}`;
}

/** Starts one instance of a service from its sources and waits until it says that it is ready. */
export function startService(instance: ServiceInstance, dataDir: string): Promise<ServerProcess> {
  const name = instanceName(instance);
  return startProcess({
    name,
    program: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', join(ROOT, 'apps', instance.service, 'src/main.ts')],
    env: { ...inheritedEnvironment(), ...instance.env },
    logFile: join(dataDir, 'logs', `${name}.log`),
    probe: () => isReady(instance.metricsPort),
    readyWithinMs: 60_000,
  });
}

/** What a service may see of our own environment: nothing that configures a service. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  const passed = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ'];
  return Object.fromEntries(passed.flatMap((key) => (process.env[key] === undefined ? [] : [[key, process.env[key]]])));
}

async function isReady(metricsPort: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${metricsPort}/readyz`, { signal: AbortSignal.timeout(2_000) });
  if (!response.ok) throw new Error(`not ready: ${await response.text()}`);
}
