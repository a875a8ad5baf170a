import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CACHE, ROOT } from '@assay/testkit/find-server';
import { type FileResult, fileResults } from './file-results.ts';

/** The suites of vitest.config.ts in the order of their cost. */
export const SUITES = ['unit', 'integration', 'system'] as const;

type Suite = (typeof SUITES)[number];

const RESULTS = join(CACHE, 'test-results');

/** Runs a suite, or those of its files that match. What failed outside its tests is one failure more. */
export async function runSuite(suite: Suite, filters: readonly string[]): Promise<readonly FileResult[]> {
  const output = join(RESULTS, `${suite}.json`);
  await mkdir(RESULTS, { recursive: true });
  await rm(output, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${output}`];
  const code = await vitest(['run', '--project', suite, ...reporters, '--passWithNoTests', ...filters]);
  try {
    const results = fileResults(JSON.parse(await readFile(output, 'utf8')), ROOT);
    const isExplained = code === 0 || results.some(({ failures }) => failures.length > 0);
    return isExplained ? results : [...results, failedBesides(suite, `exit code ${code}`)];
  } catch (error) {
    return [failedBesides(suite, `it did not finish: ${String(error)}`)];
  }
}

function failedBesides(suite: Suite, why: string): FileResult {
  return { passed: 0, skipped: 0, failures: [`${suite} tests: ${why}`] };
}

function vitest(args: readonly string[]): Promise<number> {
  const program = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [program, ...args], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}
