import { randomBytes } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { toHex } from '@assay/shared/kernel/bytes';
import { publicKeyOf } from '@assay/shared/kernel/schnorr';
import { portOf } from '../stack/port-plan.ts';
import { until } from '../stack/until.ts';
import { type BenchContext, type Benchmark, type Figures, rounded, scaled } from './benchmark.ts';
import { measureCpu } from './cpu-usage.ts';
import { type Deployment, startDeployment } from './deployment.ts';
import { nodeTemplate } from './node-template.ts';
import { type Program, startProgram } from './program.ts';
import type { StratumPlan, StratumProgram } from './stratum-program.ts';
import { watchWriteConcerns } from './write-concern.ts';

const CONNECTIONS = 16;
const IN_FLIGHT = 64;
const OPEN_LOOP_PER_S = 5_000;
const TRANSACTIONS = 4_000;
/** Merkle steps of so many transactions beside the coinbase. */
const BRANCH_STEPS: Readonly<Record<number, number>> = { 4_000: 12, 0: 0 };
const WARM_UP_MS = 1_500;
const MEASURED_MS = 6_000;
const TURNS = 2;
const NEW_TEMPLATE_MS = 20_000;
/** At difficulty 2^-32 one hash in 65,536 misses the target. */
const MISSED_AT_MOST = 1e-4;

const SETTINGS = {
  POOL_TEMPLATE_SOURCE: 'fixed',
  POOL_BITCOIND: '[]',
  POOL_DIFFICULTY_MIN_LOG2: '-32',
  POOL_DIFFICULTY_START_LOG2: '-32',
  POOL_DIFFICULTY_MAX_LOG2: '12',
  POOL_BATCH_WINDOW_MS: '10000',
  POOL_LIMIT_MESSAGES_PER_S: '1000000',
  POOL_LIMIT_MESSAGES_BURST: '1000000',
  POOL_LIMIT_NEW_PER_ADDRESS_S: '1000',
};

interface Bench {
  readonly context: BenchContext;
  readonly deployment: Deployment;
  readonly templateFile: string;
  readonly previousBlockHash: string;
  readonly usernames: readonly string[];
}

export const poolBench: Benchmark = {
  name: 'pool',
  method:
    `one pool process (fixed template, difficulty 2^-32, batch window 10 s), NATS, mongod and the load each a process; ` +
    `${CONNECTIONS} connections with a key each; ${TRANSACTIONS} and 0 transactions by turns in the same process, ` +
    `${TURNS} × ${MEASURED_MS / 1_000} s after ${WARM_UP_MS / 1_000} s; latency from the instant a submit was due to its answer; ` +
    'CPU seconds from /proc',
  run: runPoolBench,
};

async function runPoolBench(context: BenchContext): Promise<Figures> {
  const { profileDir } = context;
  const fileIn = (dataDir: string) => join(dataDir, 'template.json');
  const overrides = (dataDir: string) => ({ pool: { ...SETTINGS, POOL_FIXED_TEMPLATE_FILE: fileIn(dataDir) } });
  const deployment = await startDeployment({ overrides, profileDir });
  try {
    const bench: Bench = {
      ...{ context, deployment },
      templateFile: fileIn(deployment.dataDir),
      previousBlockHash: toHex(randomBytes(24)).padStart(64, '0'),
      usernames: Array.from({ length: CONNECTIONS }, () => `${toHex(publicKeyOf(randomBytes(32)))}.load`),
    };
    offerTemplate(bench, TRANSACTIONS);
    context.tell('pool: starting the pool');
    await deployment.start('pool');
    context.tell('pool: one connection with one submit in flight');
    const concerns = await watchWriteConcerns(deployment.mongoUri, 'pool');
    const single = await withLoad(bench, { inFlight: 1, usernames: bench.usernames.slice(0, 1) }, measureOne);
    const writes = await concerns.stop();
    context.tell(`pool: every write that mongod's profiler saw is ${writes.join(', ')}`);
    context.tell(`pool: ${OPEN_LOOP_PER_S} submits/s, whatever the answers`);
    const open = await withLoad(bench, { inFlight: 1, ratePerSecond: OPEN_LOOP_PER_S }, measureOne);
    const closed = await withLoad(bench, { inFlight: IN_FLIGHT }, measureByTurns);
    return {
      ...closed,
      openLoop: { offeredPerS: OPEN_LOOP_PER_S, ...open },
      oneInFlight: single,
      writeConcerns: writes,
    };
  } finally {
    await deployment.stop();
  }
}

/** Written aside and renamed: the pool must not read half a file. */
function offerTemplate({ templateFile, previousBlockHash }: Bench, transactions: number): void {
  writeFileSync(`${templateFile}.new`, JSON.stringify(nodeTemplate(transactions, previousBlockHash, Date.now())));
  renameSync(`${templateFile}.new`, templateFile);
}

type Load = Program<StratumProgram>;

async function withLoad<T>(
  bench: Bench,
  plan: Partial<StratumPlan>,
  measure: (bench: Bench, load: Load) => Promise<T>,
): Promise<T> {
  const load = await startProgram<StratumProgram>('./stratum-program.ts');
  try {
    const port = portOf(bench.deployment.options, 'stratum');
    await load.call('open', { port, inFlight: 1, usernames: bench.usernames, ...plan });
    return await measure(bench, load);
  } finally {
    await load.call('close');
    await load.stop();
  }
}

/** The same load on long and on short Merkle branches, by turns, as the machine may change its pace meanwhile. */
async function measureByTurns(bench: Bench, load: Load): Promise<Figures> {
  const turns: { full: Measured[]; empty: Measured[] } = { full: [], empty: [] };
  for (let turn = 0; turn < TURNS; turn += 1) {
    turns.full.push(await measureOn(bench, load, TRANSACTIONS));
    turns.empty.push(await measureOn(bench, load, 0));
  }
  const [full, empty] = [together(turns.full), together(turns.empty)];
  return {
    transactions4000: full,
    transactions0: empty,
    cpuPerShareRatio: rounded(full.poolCpuMsPerShare / empty.poolCpuMsPerShare),
    throughputRatio: rounded(empty.submitsPerS / full.submitsPerS),
  };
}

async function measureOn(bench: Bench, load: Load, transactions: number): Promise<Measured> {
  offerTemplate(bench, transactions);
  const isNew = (steps: number) => steps === BRANCH_STEPS[transactions];
  await until(() => load.call('branchSteps'), isNew, NEW_TEMPLATE_MS);
  bench.context.tell(`pool: ${CONNECTIONS} × ${IN_FLIGHT} in flight, ${transactions} transactions`);
  return measureOne(bench, load);
}

type Measured = Awaited<ReturnType<typeof measureOne>>;

async function measureOne({ context, deployment }: Bench, load: Load) {
  await wait(WARM_UP_MS);
  const used = measureCpu({ ...deployment.pids(), load: load.pid });
  await load.call('reset');
  await wait(scaled(MEASURED_MS, context, 1_000));
  const { accepted, seconds, p50Ms, p99Ms, refused, lost } = await load.call('figures');
  const cpuSeconds = used();
  assertHealthy(accepted, refused, lost);
  const figures = {
    submitsPerS: Math.round(accepted / seconds),
    p50Ms: rounded(p50Ms),
    p99Ms: rounded(p99Ms),
    poolCpuMsPerShare: rounded((1_000 * (cpuSeconds['pool'] ?? 0)) / accepted),
    seconds: rounded(seconds),
    cpuSeconds,
  };
  context.tell(`pool: ${figures.submitsPerS} submits/s, p50 ${figures.p50Ms} ms, p99 ${figures.p99Ms} ms`);
  return figures;
}

function assertHealthy(accepted: number, refused: ReadonlyMap<string, number>, lost: number): void {
  const missed = refused.get('low-difficulty') ?? 0;
  const others = [...refused].filter(([reason]) => reason !== 'low-difficulty');
  if (others.length > 0) throw new Error(`the pool refused shares: ${JSON.stringify(others)}`);
  if (lost > 0) throw new Error(`${lost} shares were never answered`);
  if (accepted === 0 || missed > 2 + MISSED_AT_MOST * accepted) {
    throw new Error(`${accepted} shares accepted, ${missed} above the target`);
  }
}

/** Means of the turns; of the latencies the worst. */
function together(turns: readonly Measured[]): Measured {
  const sum = (pick: (turn: Measured) => number) => turns.reduce((total, turn) => total + pick(turn), 0);
  const names = Object.keys(turns[0]?.cpuSeconds ?? {});
  return {
    submitsPerS: Math.round(sum(({ submitsPerS }) => submitsPerS) / turns.length),
    p50Ms: Math.max(...turns.map(({ p50Ms }) => p50Ms)),
    p99Ms: Math.max(...turns.map(({ p99Ms }) => p99Ms)),
    poolCpuMsPerShare: rounded(sum(({ poolCpuMsPerShare }) => poolCpuMsPerShare) / turns.length),
    seconds: rounded(sum(({ seconds }) => seconds)),
    cpuSeconds: Object.fromEntries(names.map((name) => [name, rounded(sum((turn) => turn.cpuSeconds[name] ?? 0))])),
  };
}
