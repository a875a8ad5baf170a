import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { faultsOf, type PartResult } from './counts.ts';
import { type MintUnderTest, type MintWanted, startMintUnderTest } from './mint-under-test.ts';
import { type ForeignSuite, foreignSuite } from './suites.ts';

interface SuiteRun {
  readonly name: Parameters<typeof foreignSuite>[0];
  /** What PATH is, and the file below it that shows that it is that. */
  readonly takes: string;
  readonly landmark: string;
  readonly mint?: MintWanted;
  run(path: string, mint: MintUnderTest, suite: ForeignSuite): Promise<PartResult[]>;
}

/** Runs a suite of others against a mint of its own and ends the process by its result: 0 only when every test ran and passed. */
export async function runForeignSuite(given: SuiteRun): Promise<never> {
  const path = process.argv[2];
  if (path === undefined || !existsSync(join(path, given.landmark))) {
    console.error(`usage: npm run foreign:${given.name} -- PATH   (PATH: ${given.takes}; it fetches nothing)`);
    process.exit(2);
  }
  const suite = foreignSuite(given.name);
  const mint = await startMintUnderTest(given.mint ?? {});
  try {
    const results = await given.run(path, mint, suite);
    const faults = [...faultsOf(results, suite.tests), ...(await nut20Faults(mint, suite))];
    for (const { part, passed, failed } of results) console.log(`${part}: ${passed} passed, ${failed} failed`);
    for (const { test, reason, link } of suite.skipped) console.log(`skipped ${test}: ${reason} (${link})`);
    for (const fault of faults) console.error(`✗ ${fault}`);
    console.log(`foreign:${given.name} (made for ${suite.version}): ${faults.length === 0 ? 'good' : 'not good'}`);
    process.exitCode = faults.length === 0 ? 0 : 1;
  } finally {
    await mint.stop();
  }
  process.exit();
}

async function nut20Faults(mint: MintUnderTest, { nut20 }: ForeignSuite): Promise<string[]> {
  const counted = await mint.nut20();
  console.log(`assay_mint_nut20_total: v1 ${counted.v1}, legacy ${counted.legacy}`);
  return counted[nut20] > 0 ? [] : [`no NUT-20 signature over the ${nut20} message was accepted`];
}
