import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Db, MongoClient } from 'mongodb';
import { CACHE } from '@assay/testkit/find-server';
import { DEFAULT_OPTIONS, type StackOptions } from '../options.ts';
import { freePortBase } from '../free-port-base.ts';
import type { PlanInputs } from '../service-plan.ts';
import { type Stack, startStack } from '../stack.ts';

export interface TestStack extends Stack {
  /** A service's own database, read from outside. */
  database(name: 'pool' | 'auditor' | 'mint' | 'signatory'): Db;
  [Symbol.asyncDispose](): Promise<void>;
}

interface TestStackOptions {
  readonly replicas?: Partial<StackOptions['replicas']>;
  readonly windowMs?: number;
  readonly creditShift?: number;
  readonly overrides?: PlanInputs['overrides'];
  /** Servers by URL instead of ones of the stack's own. */
  readonly environment?: NodeJS.ProcessEnv;
}

/** A whole stack of its own for one test file: free ports, a fresh data directory, no miner and no wallet. */
export async function startTestStack(given: TestStackOptions = {}): Promise<TestStack> {
  const runs = join(CACHE, 'run');
  mkdirSync(runs, { recursive: true });
  const options: StackOptions = {
    ...DEFAULT_OPTIONS,
    replicas: { pool: 1, auditor: 1, mint: 1, ...given.replicas },
    portBase: await freePortBase(),
    dataDir: mkdtempSync(join(runs, 'stack-')),
    windowMs: given.windowMs ?? 500,
    creditShift: given.creditShift ?? DEFAULT_OPTIONS.creditShift,
  };
  const stack = await startStack({
    options,
    overrides: given.overrides ?? {},
    environment: given.environment ?? {},
  });
  const client = new MongoClient(stack.servers.mongoUri, { useBigInt64: true, promoteBuffers: true });
  const stop = async () => {
    await client.close();
    await stack.stop();
    rmSync(options.dataDir, { recursive: true, force: true });
  };
  return { ...stack, stop, database: (name) => client.db(name), [Symbol.asyncDispose]: stop };
}
