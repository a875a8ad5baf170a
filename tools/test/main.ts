import { findServer } from '@assay/testkit/find-server';
import { runCheck } from '../check/run-check.ts';
import { type Count, runSuite, SUITES } from './suites.ts';

// npm test: servers, check, then the suites. What failed is told again at the end,
// where it is found; the last line counts everything. Arguments are filters for test files.

const FAILURES_SHOWN = 50;
const filters = process.argv.slice(2);
for (const server of ['nats-server', 'bitcoind', 'mongod'] as const) await findServer(server, console.log);

const counts: Count[] = [];
if (filters.length === 0) {
  console.log('— check');
  counts.push({ ...(await runCheck()), skipped: 0 });
}
for (const suite of SUITES) {
  console.log(`\n— ${suite} tests`);
  counts.push(await runSuite(suite, filters));
}
const sum = (of: (count: Count) => number) => counts.reduce((total, count) => total + of(count), 0);
const [passed, failed, skipped] = [sum((c) => c.passed), sum((c) => c.failed), sum((c) => c.skipped)];
const failures = counts.flatMap((count) => count.failures);
if (failures.length > 0) console.log(`\n— what failed\n${failures.slice(0, FAILURES_SHOWN).join('\n')}`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
