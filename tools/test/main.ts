import { findServer } from '@assay/testkit/find-server';
import { runCheck } from '../check/run-check.ts';
import type { FileResult } from './file-results.ts';
import { runSuite, SUITES } from './suites.ts';

// npm test: servers, check, then the suites. What failed is told again at the end,
// where it is found; the last line counts everything. Arguments are filters for test files.

const FAILURES_SHOWN = 50;
/** More than so many files that fail are no accident of neighbours. */
const AGAIN_MAX = 10;

const filters = process.argv.slice(2);
for (const server of ['nats-server', 'bitcoind', 'mongod'] as const) await findServer(server, console.log);

const check = filters.length === 0 ? await checked() : { passed: 0, failures: [] };
const results: FileResult[] = [];
for (const suite of SUITES) {
  console.log(`\n— ${suite} tests`);
  results.push(...(await runSuite(suite, filters)));
}
const steady = await failedAlone(results);

const sum = (of: (result: FileResult) => number) => steady.reduce((total, result) => total + of(result), 0);
const failures = [...check.failures, ...steady.flatMap((result) => result.failures)];
const passed = check.passed + sum((result) => result.passed);
if (failures.length > 0) console.log(`\n— what failed\n${failures.slice(0, FAILURES_SHOWN).join('\n')}`);
process.exitCode = failures.length === 0 && passed > 0 ? 0 : 1;
console.log(`\n${passed} passed, ${failures.length} failed, ${sum((result) => result.skipped)} skipped`);

function checked(): Promise<{ readonly passed: number; readonly failures: readonly string[] }> {
  console.log('— check');
  return runCheck();
}

/**
 * Files that failed run once more, alone, and what they say then counts: a machine that stood still for a while fails tests
 * that are right. What passes only alone is named, for it may be a race: of the test, or of the code.
 */
async function failedAlone(first: readonly FileResult[]): Promise<readonly FileResult[]> {
  const failed = first.filter(({ failures }) => failures.length > 0);
  if (failed.length === 0 || failed.length > AGAIN_MAX) return first;
  console.log(`\n— failed, and run again alone\n${failed.flatMap(({ failures }) => failures).join('\n')}`);
  const second: FileResult[] = [];
  for (const { suite, file } of failed) {
    const known = SUITES.find((name) => name === suite);
    if (known !== undefined && file !== undefined) second.push(...(await runSuite(known, [file])));
  }
  const steady = first.map((result) => second.find(({ file }) => file !== undefined && file === result.file) ?? result);
  const alone = failed.filter((result) => !steady.includes(result)).filter(({ file }) => isGreen(steady, file));
  if (alone.length > 0) console.log(`\n— passed only alone: ${alone.map(({ file }) => file).join(', ')}`);
  return steady;
}

function isGreen(results: readonly FileResult[], file: string | undefined): boolean {
  return results.some((result) => result.file === file && result.failures.length === 0);
}
