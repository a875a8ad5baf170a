import { runCheck } from './run-check.ts';

const { passed, failures } = await runCheck();
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length === 0 ? 0 : 1;
