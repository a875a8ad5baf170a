import { mkdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import { resolve } from 'node:path';
import { Argument, Command } from 'commander';
import { auditBench } from './audit-bench.ts';
import type { BenchContext, Benchmark } from './benchmark.ts';
import { hottestFunctions } from './cpu-profile.ts';
import { hashBench } from './hash-bench.ts';
import { appendEntry, HISTORY_FILE, runConditions } from './history.ts';
import { mintBench } from './mint-bench.ts';
import { poolBench } from './pool-bench.ts';

const BENCHMARKS = [hashBench, poolBench, auditBench, mintBench] as const;
const SMALL = 0.1;
const CALM_LOAD = 3;

const command = new Command('npm run bench --')
  .description('Quick benchmarks of real processes, a few minutes in all. Appends a line each to bench/history.jsonl.')
  .addArgument(new Argument('[names...]', 'which; all when left out').choices(BENCHMARKS.map(({ name }) => name)))
  .option('--small', 'a tenth of the work, to try the benchmarks themselves; writes no history', false)
  .option(
    '--profile <dir>',
    'services leave CPU profiles there, and the hottest functions are printed; writes no history',
  )
  .option('--url <mint>', 'mint: the same load on a mint that runs there, whose Lightning pays itself')
  .parse();
const { small, profile, url } = command.opts<{ small: boolean; profile?: string; url?: string }>();
if (url !== undefined && command.args.join() !== 'mint') command.error('error: --url is for the benchmark mint alone');
const wanted = BENCHMARKS.filter(({ name }) => command.args.length === 0 || command.args.includes(name));

const startedAt = performance.now();
const tell = (line: string) => console.log(`[${Math.round((performance.now() - startedAt) / 1_000)} s] ${line}`);
const profileDir = profile === undefined ? undefined : resolve(profile);
if (profileDir !== undefined) mkdirSync(profileDir, { recursive: true });

const [load = 0] = loadavg();
if (load > CALM_LOAD)
  tell(`the machine is busy (load average ${load.toFixed(1)}): expect lower figures than it could reach`);
for (const benchmark of wanted) await runOne(benchmark, { tell, size: small ? SMALL : 1, profileDir, url });
if (profileDir !== undefined) hottestFunctions(profileDir).forEach((line) => console.log(line));

async function runOne(benchmark: Benchmark, context: BenchContext): Promise<void> {
  const { name, method } = benchmark;
  const conditions = runConditions(new Date());
  const figures = await benchmark.run(context);
  console.log(`${name}: ${JSON.stringify(figures, undefined, 2)}`);
  if (small || profileDir !== undefined) return;
  appendEntry({ ...conditions, name: url === undefined ? name : `${name} at ${url}`, figures, method });
  tell(`${name}: written to ${HISTORY_FILE}`);
}
