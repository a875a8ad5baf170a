import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isAlive } from '@assay/testkit/is-alive';
import type { ServerProcess } from '@assay/testkit/server-process';
import { DEFAULT_OPTIONS, MINT_ONLY_DATA, type StackOptions } from './options.ts';
import { instanceName, type ServiceInstance } from './service-process.ts';

const stackState = z.object({
  supervisorPid: z.number(),
  startedAt: z.string(),
  portBase: z.number().optional(),
  /** Where its spans go; absent when they go nowhere. */
  traces: z.string().optional(),
  processes: z.array(
    z.object({
      name: z.string(),
      pid: z.number(),
      ports: z.record(z.string(), z.number()),
      metricsPort: z.number().nullable(),
    }),
  ),
});

/** What runs where, written by the supervisor for the tools that ask a running stack. */
export type StackState = z.infer<typeof stackState>;

const fileIn = (dataDir: string) => join(dataDir, 'state.json');

export function writeState(
  { dataDir, portBase }: Pick<StackOptions, 'dataDir' | 'portBase'>,
  instances: readonly ServiceInstance[],
  running: readonly { name: string; process: ServerProcess }[],
  traces: string | undefined,
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
function readState(dataDir: string): StackState | undefined {
  const file = fileIn(dataDir);
  if (!existsSync(file)) return undefined;
  const state = stackState.parse(JSON.parse(readFileSync(file, 'utf8')));
  return isAlive(state.supervisorPid) ? state : undefined;
}

/**
 * The stack that is meant: the one on the data directory, where one is named, else the whole stack of this checkout, or its
 * mint alone; undefined when none runs there.
 */
export function runningStack(dataDir: string | undefined): StackState | undefined {
  if (dataDir !== undefined) return readState(dataDir);
  return readState(DEFAULT_OPTIONS.dataDir) ?? readState(MINT_ONLY_DATA);
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
