import type { TestProject } from 'vitest/node';
import { startMongod } from './servers.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    mongoUri: string;
  }
}

/** One mongod (replica set of one) for the whole test run: `inject('mongoUri')`. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startMongod({ keepsExpired: true });
  project.provide('mongoUri', server.uri);
  return () => server.stop();
}
