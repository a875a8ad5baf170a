import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { findServer } from '@assay/testkit/find-server';
import { runCheck } from '../check/run-check.ts';

// npm test: servers, check, then the suites in the order of their cost. The last line counts everything.

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RESULTS = join(ROOT, '.assay/test-results');
const SUITES = ['unit', 'integration', 'system'] as const;

const report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  numFailedTestSuites: z.number(),
  success: z.boolean(),
});

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

async function runSuite(suite: string, filters: readonly string[]): Promise<Count> {
  const output = join(RESULTS, `${suite}.json`);
  await rm(output, { force: true });
  const code = await vitest([
    'run',
    '--project',
    suite,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${output}`,
    '--passWithNoTests',
    ...filters,
  ]);
  const counted = report.parse(JSON.parse(await readFile(output, 'utf8')));
  const failed = counted.numFailedTests + (counted.numFailedTests === 0 && (code !== 0 || !counted.success) ? 1 : 0);
  return { passed: counted.numPassedTests, failed, skipped: counted.numPendingTests + counted.numTodoTests };
}

function vitest(args: readonly string[]): Promise<number> {
  const program = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [program, ...args], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}

async function suiteOrFailure(suite: string, filters: readonly string[]): Promise<Count> {
  console.log(`\n— ${suite} tests`);
  try {
    return await runSuite(suite, filters);
  } catch (error) {
    console.log(`✗ ${suite}: the suite did not finish: ${String(error)}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const filters = process.argv.slice(2);
await mkdir(RESULTS, { recursive: true });
for (const server of ['nats-server', 'bitcoind', 'mongod'] as const) await findServer(server, console.log);

const total: Count = { passed: 0, failed: 0, skipped: 0 };
if (filters.length === 0) {
  console.log('— check');
  const check = await runCheck();
  total.passed += check.passed;
  total.failed += check.failed;
}
for (const suite of SUITES) {
  const count = await suiteOrFailure(suite, filters);
  total.passed += count.passed;
  total.failed += count.failed;
  total.skipped += count.skipped;
}
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
