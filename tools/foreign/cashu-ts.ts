import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { vitestResult } from './counts.ts';
import { runForeignSuite } from './run-suite.ts';
import { runProgram } from './run-program.ts';

// npm run foreign:cashu-ts -- PATH: its own integration tests, which have port 3338 written in.

await runForeignSuite({
  name: 'cashu-ts',
  takes: 'a checkout of cashubtc/cashu-ts after npm ci',
  landmark: 'node_modules/vitest/vitest.mjs',
  mint: { httpPort: 3338 },
  run: async (path, mint) => {
    const report = join(mint.scratch, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    await runProgram('npm', ['run', 'test-integration', '--', ...reporters], { cwd: path, env: {} });
    return existsSync(report) ? [vitestResult('test-integration', readFileSync(report, 'utf8'))] : [];
  },
});
