import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CACHE, ROOT } from '@assay/testkit/find-server';

/** The suites of vitest.config.ts in the order of their cost. */
export const SUITES = ['unit', 'integration', 'system'] as const;

const RESULTS = join(CACHE, 'test-results');

const report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  success: z.boolean(),
});

export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Runs one suite; a suite that did not finish, or failed outside its tests, counts as one failure more. */
export async function runSuite(suite: (typeof SUITES)[number], filters: readonly string[]): Promise<Count> {
  const output = join(RESULTS, `${suite}.json`);
  await mkdir(RESULTS, { recursive: true });
  await rm(output, { force: true });
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${output}`];
    const code = await vitest(['run', '--project', suite, ...reporters, '--passWithNoTests', ...filters]);
    const counted = report.parse(JSON.parse(await readFile(output, 'utf8')));
    const failedOutside = counted.numFailedTests === 0 && (code !== 0 || !counted.success);
    return {
      passed: counted.numPassedTests,
      failed: counted.numFailedTests + (failedOutside ? 1 : 0),
      skipped: counted.numPendingTests + counted.numTodoTests,
    };
  } catch (error) {
    console.log(`✗ ${suite}: the suite did not finish: ${String(error)}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

function vitest(args: readonly string[]): Promise<number> {
  const program = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [program, ...args], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}
