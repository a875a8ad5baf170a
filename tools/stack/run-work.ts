import { setTimeout as wait } from 'node:timers/promises';
import type { Miner } from '../miner/miner.ts';
import { stackClients } from './clients.ts';
import { liveFigures, renderLine } from './live-line.ts';
import type { Stack } from './stack.ts';
import { tellStory } from './story.ts';
import { startMiners, startWalletWork, type WalletWork } from './work.ts';

const TERMINAL_LINE_MS = 1_000;
const LOG_LINE_MS = 10_000;

/** Miner, wallet and the live line, until interrupted or until a process ends that should not. Resolves with the exit code. */
export async function runWork(
  stack: Stack,
  { tell, interrupted }: { readonly tell: (line: string) => void; readonly interrupted: Promise<'interrupted'> },
): Promise<number> {
  const { options } = stack;
  const miners = options.miner ? startMiners(stack) : [];
  const wallet = options.wallet ? await startWalletWork(stack, tell) : undefined;
  if (wallet !== undefined) void printStory(stack, wallet, tell);
  const ended = Promise.race([interrupted, stack.unexpectedEnd]);
  await showLine(stack, miners, ended, tell);
  const how = await ended;
  tell(how === 'interrupted' ? 'stopping' : `${how}; its log is in ${options.dataDir}/logs. Stopping the others`);
  await wallet?.stop();
  await Promise.all(miners.map((miner) => miner.stop()));
  return how === 'interrupted' ? 0 : 1;
}

async function printStory(stack: Stack, wallet: WalletWork, tell: (line: string) => void): Promise<void> {
  const clients = stackClients(stack.options);
  try {
    const story = await tellStory(clients, await wallet.firstToken);
    for (const line of ['', 'The first share became ecash:', ...story.lines, '']) console.log(line);
  } catch (error) {
    tell(`the story cannot be told: ${String(error)}`);
  } finally {
    clients.close();
  }
}

async function showLine(
  stack: Stack,
  miners: readonly Miner[],
  ended: Promise<unknown>,
  tell: (line: string) => void,
): Promise<void> {
  const figures = liveFigures(stack, miners);
  const terminal = process.stdout.isTTY;
  const over = ended.then(() => true);
  const rest = () => wait(terminal ? TERMINAL_LINE_MS : LOG_LINE_MS, false);
  while (!(await Promise.race([over, rest()]))) {
    const line = renderLine(await figures());
    if (terminal) process.stdout.write(`\r\u001b[K${line}`);
    else tell(line);
  }
  if (terminal) process.stdout.write('\n');
}
