import { Command } from 'commander';
import { isAlive } from '@assay/testkit/is-alive';
import { runningStack, type StackState } from './state.ts';

const options = new Command('npm run stack:status --')
  .description('What of the local stack runs where.')
  .option('--data <dir>', 'its data directory (default: that of the one that runs)')
  .option('--json', 'as one JSON object', false)
  .parse()
  .opts<{ data?: string; json: boolean }>();

async function readiness(metricsPort: number | null): Promise<string> {
  if (metricsPort === null) return '';
  try {
    const response = await fetch(`http://127.0.0.1:${metricsPort}/readyz`, { signal: AbortSignal.timeout(2_000) });
    return response.ok ? 'ready' : 'not ready';
  } catch {
    return 'no answer';
  }
}

async function describe(state: StackState) {
  return Promise.all(
    state.processes.map(async (entry) => ({
      ...entry,
      alive: isAlive(entry.pid),
      readiness: await readiness(entry.metricsPort),
    })),
  );
}

const state = runningStack(options.data);
if (state === undefined) {
  console.log(
    options.json ? '{"running":false}' : `no stack runs${options.data === undefined ? '' : ` on ${options.data}`}`,
  );
  process.exitCode = 3;
} else {
  const processes = await describe(state);
  if (options.json) console.log(JSON.stringify({ running: true, ...state, processes }));
  for (const { name, pid, alive, readiness: ready, ports } of options.json ? [] : processes) {
    const listed = Object.entries(ports).map(([port, number]) => `${port} ${number}`);
    console.log(`${name.padEnd(12)} pid ${pid} ${alive ? 'runs' : 'ended'} ${ready.padEnd(9)} ${listed.join(' · ')}`);
  }
}
