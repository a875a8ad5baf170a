import { cargoResult, type PartResult } from './counts.ts';
import { runForeignSuite } from './run-suite.ts';
import { runProgram } from './run-program.ts';

// npm run foreign:cdk -- PATH: the integration tests of cdk that take any mint by its URL. Cargo runs offline.

await runForeignSuite({
  name: 'cdk',
  takes: 'a checkout of cashubtc/cdk whose integration tests were built once',
  landmark: 'crates/cdk-integration-tests/Cargo.toml',
  run: async (path, mint, { tests, skipped }) => {
    const env = { CDK_TEST_MINT_URL: mint.url, CDK_ITESTS_DIR: mint.scratch };
    const results: PartResult[] = [];
    for (const part of Object.keys(tests)) {
      const left = skipped.filter((entry) => entry.part === part).flatMap(({ test }) => ['--skip', test]);
      const cargo = ['test', '--offline', '-p', 'cdk-integration-tests', '--test', part];
      const { output } = await runProgram('cargo', [...cargo, '--', '--test-threads', '1', ...left], {
        cwd: path,
        env,
      });
      results.push(cargoResult(part, output));
    }
    return results;
  },
});
