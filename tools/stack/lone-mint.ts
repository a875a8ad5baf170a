import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from '@assay/testkit/find-server';
import { freePortBase } from './free-port-base.ts';
import { DEFAULT_OPTIONS } from './options.ts';
import { portOf } from './port-plan.ts';
import { type Stack, startStack } from './stack.ts';

export interface LoneMint {
  readonly stack: Stack;
  readonly port: number;
  /** Of its HTTP API. */
  readonly url: string;
  /** Also forgets its data. */
  stop(): Promise<void>;
}

/**
 * A mint and what it needs, with fake Lightning, on free ports and fresh data.
 * @param name of the directory of its data
 * @param settings of the mint, by environment variable, where they are not those of the stack
 */
export async function startLoneMint(name: string, settings: Readonly<Record<string, string>>): Promise<LoneMint> {
  const runs = join(CACHE, 'run');
  mkdirSync(runs, { recursive: true });
  const dataDir = mkdtempSync(join(runs, `${name}-`));
  const forget = () => rmSync(dataDir, { recursive: true, force: true });
  const options = {
    ...DEFAULT_OPTIONS,
    only: 'mint',
    bolt11: 'fake',
    portBase: await freePortBase(),
    dataDir,
  } as const;
  const stack = await startStack({ options, overrides: { mint: settings } }).catch((error: unknown) => {
    forget();
    throw error;
  });
  const port = portOf(options, 'mintHttp');
  const stop = () => stack.stop().then(forget);
  return { stack, port, url: `http://127.0.0.1:${port}`, stop };
}
