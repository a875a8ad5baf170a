import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { CACHE, ROOT } from '@assay/testkit/find-server';

/** The suites of vitest.config.ts in the order of their cost. */
export const SUITES = ['unit', 'integration', 'system'] as const;

const RESULTS = join(CACHE, 'test-results');
const MESSAGE_LINES = 12;

const report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  success: z.boolean(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(
        z.object({ status: z.string(), fullName: z.string(), failureMessages: z.array(z.string()).nullish() }),
      ),
    }),
  ),
});

export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** One text a failure: where, what, and the first lines of why. */
  readonly failures: readonly string[];
}

/** Runs one suite; a suite that did not finish, or failed outside its tests, counts as one failure more. */
export async function runSuite(suite: (typeof SUITES)[number], filters: readonly string[]): Promise<Count> {
  const output = join(RESULTS, `${suite}.json`);
  await mkdir(RESULTS, { recursive: true });
  await rm(output, { force: true });
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${output}`];
    const code = await vitest(['run', '--project', suite, ...reporters, '--passWithNoTests', ...filters]);
    return countOf(suite, code, report.parse(JSON.parse(await readFile(output, 'utf8'))));
  } catch (error) {
    return { passed: 0, failed: 1, skipped: 0, failures: [`${suite}: the suite did not finish: ${String(error)}`] };
  }
}

function countOf(suite: string, code: number, counted: z.infer<typeof report>): Count {
  const failedOutside = counted.numFailedTests === 0 && (code !== 0 || !counted.success);
  return {
    passed: counted.numPassedTests,
    failed: counted.numFailedTests + (failedOutside ? 1 : 0),
    skipped: counted.numPendingTests + counted.numTodoTests,
    failures: [
      ...counted.testResults.flatMap(failuresOf),
      ...(failedOutside ? [`${suite}: it failed outside its tests (exit code ${code})`] : []),
    ],
  };
}

function failuresOf(file: z.infer<typeof report>['testResults'][number]): string[] {
  const path = relative(ROOT, file.name);
  const failed = file.assertionResults.filter((test) => test.status === 'failed');
  const texts = failed.map((test) => failureText(`${path}: ${test.fullName}`, test.failureMessages?.join('\n') ?? ''));
  const besideTests = file.status === 'failed' && failed.length === 0;
  return besideTests ? [failureText(path, file.message)] : texts;
}

function failureText(what: string, why: string): string {
  const lines = why
    .split('\n')
    .filter((line) => !line.includes('node_modules'))
    .slice(0, MESSAGE_LINES);
  return [what, ...lines.map((line) => `    ${line}`)].join('\n');
}

function vitest(args: readonly string[]): Promise<number> {
  const program = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [program, ...args], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}
