import { setTimeout as wait } from 'node:timers/promises';
import { stackClients } from './clients.ts';
import { liveFigures, renderLine } from './live-line.ts';
import { parseOptions } from './options.ts';
import { type Stack, startStack } from './stack.ts';
import { runOnce } from './once.ts';
import { tellStory } from './story.ts';
import { startMiners, startWalletWork } from './work.ts';

const startedAt = performance.now();
const seconds = () => ((performance.now() - startedAt) / 1_000).toFixed(1);
const tell = (line: string) => console.log(`[${seconds().padStart(5)} s] ${line}`);

const options = parseOptions(process.argv.slice(2), process.env['OTEL_EXPORTER_OTLP_ENDPOINT']);
let starting = true;
const interrupted = new Promise<'interrupted'>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // Whatever runs already is ended by the reaper when this process goes.
    process.on(signal, () => (starting ? process.exit(130) : resolve('interrupted')));
  }
});

/** Miner, wallet and the live line, until Ctrl-C or until a process ends that should not. */
async function runUntilInterrupted(stack: Stack): Promise<number> {
  const miners = options.miner ? startMiners(stack) : [];
  const wallet = options.wallet ? await startWalletWork(stack, tell) : undefined;
  const clients = stackClients(options);
  void wallet?.firstToken
    .then((token) => tellStory(clients, token))
    .then((story) => ['', 'The first share became ecash:', ...story.lines, ''].forEach((line) => console.log(line)))
    .catch((error: unknown) => tell(`the story cannot be told: ${String(error)}`));
  const ended = Promise.race([interrupted, stack.unexpectedEnd]);
  await showLine(stack, miners[0], ended);
  const how = await ended;
  if (how !== 'interrupted') tell(`${how}; its log is in ${options.dataDir}/logs`);
  tell('stopping');
  await wallet?.stop();
  await Promise.all(miners.map((miner) => miner.stop()));
  clients.close();
  return how === 'interrupted' ? 0 : 1;
}

async function showLine(
  stack: Stack,
  miner: ReturnType<typeof startMiners>[number] | undefined,
  ended: Promise<unknown>,
) {
  const figures = liveFigures(stack, miner);
  let over = false;
  void ended.then(() => (over = true));
  const terminal = process.stdout.isTTY;
  while (!over) {
    await Promise.race([ended, wait(terminal ? 1_000 : 10_000)]);
    if (over) break;
    const line = renderLine(await figures());
    if (terminal) process.stdout.write(`\r\u001b[K${line}`);
    else tell(line);
  }
  if (terminal) process.stdout.write('\n');
}

function printPlaces(stack: Stack): void {
  for (const { service, replica, ports } of stack.instances) {
    const listed = Object.entries(ports).map(([name, port]) => `${name} 127.0.0.1:${port}`);
    console.log(`  ${`${service}${replica === 0 ? '' : `-${replica}`}`.padEnd(12)} ${listed.join(' · ')}`);
  }
  console.log(`  ${'traces'.padEnd(12)} ${stack.receiver?.url ?? options.otlpUrl}`);
}

async function main(): Promise<number> {
  const stack = await startStack({ options, environment: process.env, tell });
  starting = false;
  tell('ready');
  try {
    if (options.once) return await runOnce(stack, { tell, seconds, interrupted });
    printPlaces(stack);
    return await runUntilInterrupted(stack);
  } finally {
    await stack.stop();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`npm start: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
process.exit();
