import { cargoResult, type PartResult } from './counts.ts';
import { type MintUnderTest, startMintUnderTest } from './mint-under-test.ts';
import { runForeignSuite } from './run-suite.ts';
import { runProgram } from './run-program.ts';

// npm run foreign:cdk -- PATH: the integration tests of cdk that take any mint by its URL. Cargo runs offline.

const PARTS = ['happy_path_mint_wallet', 'test_fees', 'wallet_repository'] as const;
/** Expects that swaps are free. */
const WITHOUT_FEES = 'test_pay_invoice_twice';

/** Runs the tests of one file of theirs, as far as `filters` let them. */
async function runPart(
  path: string,
  { url, scratch }: MintUnderTest,
  {
    file,
    name = file,
    filters,
  }: { readonly file: string; readonly name?: string; readonly filters: readonly string[] },
): Promise<PartResult> {
  const cargo = ['test', '--offline', '-p', 'cdk-integration-tests', '--test', file];
  const { output } = await runProgram('cargo', [...cargo, '--', '--test-threads', '1', ...filters], {
    cwd: path,
    env: { CDK_TEST_MINT_URL: url, CDK_ITESTS_DIR: scratch },
  });
  return cargoResult(name, output);
}

async function runWithoutFees(path: string): Promise<PartResult> {
  const mint = await startMintUnderTest({ satFeePpk: 0 });
  try {
    return await runPart(path, mint, {
      file: 'happy_path_mint_wallet',
      name: `${WITHOUT_FEES} without input fees`,
      filters: ['--exact', WITHOUT_FEES],
    });
  } finally {
    await mint.stop();
  }
}

await runForeignSuite({
  name: 'cdk',
  takes: 'a checkout of cashubtc/cdk whose integration tests were built once',
  landmark: 'crates/cdk-integration-tests/Cargo.toml',
  run: async (path, mint, { skipped }) => {
    const results = [await runWithoutFees(path)];
    for (const file of PARTS) {
      const filters = skipped.filter(({ part }) => part === file).flatMap(({ test }) => ['--skip', test]);
      results.push(await runPart(path, mint, { file, filters }));
    }
    return results;
  },
});
