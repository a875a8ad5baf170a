import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from '@assay/testkit/find-server';
import { freePortBase } from '../stack/free-port-base.ts';
import { scrape, sumOf } from '../stack/metrics.ts';
import { DEFAULT_OPTIONS, type StackUnit } from '../stack/options.ts';
import { assertFree, portOf } from '../stack/port-plan.ts';
import { startStack } from '../stack/stack.ts';

export interface MintUnderTest {
  readonly url: string;
  /** Empty folder of the run, for what a suite wants to write. */
  readonly scratch: string;
  /** NUT-20 signatures that were accepted, by message. */
  nut20(): Promise<Record<'v1' | 'legacy', number>>;
  stop(): Promise<void>;
}

export interface MintWanted {
  /** Of the mint, when a suite has its port written in. */
  readonly httpPort?: number;
  readonly units?: readonly StackUnit[];
  /** Another fee of unit `sat`, the only unit then. */
  readonly satFeePpk?: number;
}

/** `--only mint --bolt11 fake` with fresh data on free ports. */
export async function startMintUnderTest({
  httpPort,
  units = DEFAULT_OPTIONS.units,
  satFeePpk,
}: MintWanted): Promise<MintUnderTest> {
  if (httpPort !== undefined) await assertFree(httpPort, 'the mint under test');
  mkdirSync(join(CACHE, 'run'), { recursive: true });
  const dataDir = mkdtempSync(join(CACHE, 'run/foreign-'));
  const portBase = await freePortBase();
  const options = { ...DEFAULT_OPTIONS, only: 'mint', bolt11: 'fake', units, portBase, dataDir } as const;
  const overrides = {
    ...(httpPort === undefined ? {} : { mint: { MINT_HTTP_PORT: String(httpPort) } }),
    ...(satFeePpk === undefined ? {} : { signatory: { SIGNATORY_UNITS: satOnly(satFeePpk) } }),
  };
  const stack = await startStack({ options, overrides, tell: console.log });
  const metricsPorts = stack.instances.map((instance) => instance.metricsPort);
  const scratch = join(dataDir, 'suite');
  mkdirSync(scratch);
  return {
    url: `http://127.0.0.1:${httpPort ?? portOf(options, 'mintHttp')}`,
    scratch,
    nut20: async () => {
      const samples = await scrape(metricsPorts);
      const count = (version: string) => sumOf(samples, 'assay_mint_nut20_total', { version });
      return { v1: count('v1'), legacy: count('legacy') };
    },
    stop: async () => {
      await stack.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function satOnly(inputFeePpk: number): string {
  return JSON.stringify({ sat: { inputFeePpk, highestPower: 31 } });
}
