import { messageOf } from '@assay/shared/kernel/fault-text';
import { OTLP_ENDPOINT } from './config.ts';
import { runOnce } from './once.ts';
import { parseOptions } from './options.ts';
import { runMintOnly } from './run-mint-only.ts';
import { runWork } from './run-work.ts';
import { type Stack, startStack } from './stack.ts';

const startedAt = performance.now();
const seconds = () => ((performance.now() - startedAt) / 1_000).toFixed(1);
const tell = (line: string) => console.log(`[${seconds().padStart(5)} s] ${line}`);

const options = parseOptions(process.argv.slice(2), OTLP_ENDPOINT);
let starting = true;
const interrupted = new Promise<'interrupted'>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // Whatever runs already is ended by the reaper when this process goes.
    process.on(signal, () => (starting ? process.exit(130) : resolve('interrupted')));
  }
});

function printPlaces(stack: Stack): void {
  for (const { service, replica, ports } of stack.instances) {
    const listed = Object.entries(ports).map(([name, port]) => `${name} 127.0.0.1:${port}`);
    console.log(`  ${`${service}${replica === 0 ? '' : `-${replica}`}`.padEnd(12)} ${listed.join(' · ')}`);
  }
  console.log(`  ${'traces'.padEnd(12)} ${stack.receiver?.url ?? options.otlpUrl ?? 'none'}`);
}

async function main(): Promise<number> {
  const stack = await startStack({ options, environment: process.env, tell });
  starting = false;
  tell('ready');
  try {
    if (options.once) return await runOnce(stack, { tell, seconds, interrupted });
    printPlaces(stack);
    if (options.only === 'mint') return await runMintOnly(stack, { tell, interrupted });
    return await runWork(stack, { tell, interrupted });
  } finally {
    await stack.stop();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`npm start: ${messageOf(error)}`);
  process.exitCode = 1;
}
process.exit();
