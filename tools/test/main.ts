import { findServer } from '@assay/testkit/find-server';
import { runCheck } from '../check/run-check.ts';
import type { FileResult } from './file-results.ts';
import { runSuite, SUITES } from './suites.ts';

// npm test: servers, check, then the suites. What failed is told again at the end,
// where it is found; the last line counts everything. Arguments are filters for test files.

const FAILURES_SHOWN = 50;

const filters = process.argv.slice(2);
for (const server of ['nats-server', 'bitcoind', 'mongod'] as const) await findServer(server, console.log);

const check = filters.length === 0 ? await checked() : { passed: 0, failures: [] };
const results: FileResult[] = [];
for (const suite of SUITES) {
  console.log(`\n— ${suite} tests`);
  results.push(...(await runSuite(suite, filters)));
}
const sum = (of: (result: FileResult) => number) => results.reduce((total, result) => total + of(result), 0);
const failures = [...check.failures, ...results.flatMap((result) => result.failures)];
const passed = check.passed + sum((result) => result.passed);
if (failures.length > 0) console.log(`\n— what failed\n${failures.slice(0, FAILURES_SHOWN).join('\n')}`);
process.exitCode = failures.length === 0 && passed > 0 ? 0 : 1;
console.log(`\n${passed} passed, ${failures.length} failed, ${sum((result) => result.skipped)} skipped`);

function checked(): Promise<{ readonly passed: number; readonly failures: readonly string[] }> {
  console.log('— check');
  return runCheck();
}
