import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ServerProcess } from '@assay/testkit/server-process';
import type { StackOptions } from './options.ts';
import { instanceName, type ServiceInstance } from './service-process.ts';

const stackState = z.object({
  supervisorPid: z.number(),
  startedAt: z.string(),
  portBase: z.number().optional(),
  traces: z.string(),
  processes: z.array(
    z.object({
      name: z.string(),
      pid: z.number(),
      ports: z.record(z.string(), z.number()),
      metricsPort: z.number().nullable(),
    }),
  ),
});

/** What runs where, written by the supervisor for `npm run stack:status` and `npm run trace`. */
export type StackState = z.infer<typeof stackState>;

const fileIn = (dataDir: string) => join(dataDir, 'state.json');

export function writeState(
  { dataDir, portBase }: Pick<StackOptions, 'dataDir' | 'portBase'>,
  instances: readonly ServiceInstance[],
  running: readonly { name: string; process: ServerProcess }[],
  traces: string,
): void {
  const processes = running.map(({ name, process }) => {
    const instance = instances.find((candidate) => instanceName(candidate) === name);
    return { name, pid: process.pid(), ports: { ...instance?.ports }, metricsPort: instance?.metricsPort ?? null };
  });
  const startedAt = new Date().toISOString();
  const state: StackState = { supervisorPid: process.pid, startedAt, portBase, traces, processes };
  writeFileSync(fileIn(dataDir), JSON.stringify(state, null, 2));
}

/** The state of a stack that runs on this data directory now; undefined when none does. */
export function readState(dataDir: string): StackState | undefined {
  const file = fileIn(dataDir);
  if (!existsSync(file)) return undefined;
  const state = stackState.parse(JSON.parse(readFileSync(file, 'utf8')));
  return isAlive(state.supervisorPid) ? state : undefined;
}

export function forgetState(dataDir: string): void {
  rmSync(fileIn(dataDir), { force: true });
}

export function assertNotRunning(dataDir: string): void {
  const state = readState(dataDir);
  if (state === undefined || state.supervisorPid === process.pid) return;
  throw new Error(
    `a stack runs on ${dataDir} already (pid ${state.supervisorPid}, since ${state.startedAt}). ` +
      'Stop it with Ctrl-C there, or give this one its own --data and --port-base.',
  );
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
