import { readFileSync } from 'node:fs';
import { MongoClient } from 'mongodb';
import { fromHex, toHex } from '@assay/shared/kernel/bytes';
import { ensureStreams } from '@assay/shared/runtime/nats';
import { type HostilePool, type Miner, startHostilePool } from '@assay/testkit/hostile-pool';
import { signVerdict } from '@assay/testkit/hostile-verdict';
import { portOf } from '../stack/port-plan.ts';
import { POOL_ID } from '../stack/service-plan.ts';
import { findQuotes } from '../wallet/find-quotes.ts';
import { type BenchContext, type Benchmark, type Figures, rounded, scaled } from './benchmark.ts';
import { measureCpu } from './cpu-usage.ts';
import { type Deployment, startDeployment } from './deployment.ts';
import { publishAll, untilStreamHolds } from './event-flow.ts';
import { type Program, startProgram } from './program.ts';
import type { WalletProgram } from './wallet-program.ts';
import { watchWriteConcerns } from './write-concern.ts';

const CONCURRENCIES = [1, 16, 64] as const;
/** How many requests are prepared for each concurrency; what is not sent in time is left out. */
const MINTS: Readonly<Record<number, readonly [number, number, number]>> = {
  1: [150, 700, 1_200],
  8: [100, 300, 600],
  64: [40, 100, 160],
};
const SWAPS = [400, 2_500, 4_000] as const;
const SEND_MS = 6_000;
const WARM_UP = 100;
const DENOMINATIONS = 16;
/** Every hash meets it: the mint looks at no share. */
const ANY_HASH = new Uint8Array(32).fill(0xff);

export const mintBench: Benchmark = {
  name: 'mint',
  method:
    'one mint, one signatory (1 signing thread), NATS, mongod and the wallets each a process; quotes from batches and verdicts ' +
    'signed beforehand with the keys of the test pool and auditor; requests computed beforehand, each on a quote or on proofs ' +
    `of its own, kept-alive HTTP, closed loop, at most ${SEND_MS / 1_000} s each; CPU seconds from /proc`,
  run: async (context) => {
    const { profileDir } = context;
    const overrides = () => ({ mint: { MINT_RATE_PER_IP_MIN: '0' } });
    const deployment = await startDeployment({ overrides, profileDir });
    const wallets = await startProgram<WalletProgram>('./wallet-program.ts');
    try {
      context.tell('mint: starting signatory and mint');
      await deployment.start('signatory', 'mint');
      return await withMint(context, deployment, wallets);
    } finally {
      await wallets.stop();
      await deployment.stop();
    }
  },
};

interface Bench {
  readonly context: BenchContext;
  readonly deployment: Deployment;
  readonly wallets: Program<WalletProgram>;
  readonly pool: HostilePool;
  readonly miner: Miner;
  readonly url: string;
  /** Requests that were answered as they should. */
  readonly answered: { mints: number; swaps: number };
}

async function withMint(context: BenchContext, deployment: Deployment, wallets: Program<WalletProgram>) {
  const secretIn = (file: string) => fromHex(readFileSync(file, 'utf8').trim());
  const poolSecret = secretIn(deployment.identity.poolKeyFile);
  const pool = await startHostilePool({ natsUrl: deployment.natsUrl, poolId: POOL_ID, creditShift: 0, poolSecret });
  const url = `http://127.0.0.1:${portOf(deployment.options, 'mintHttp')}`;
  const bench: Bench = {
    context,
    deployment,
    wallets,
    pool,
    miner: pool.newMiner(),
    url,
    answered: { mints: 0, swaps: 0 },
  };
  try {
    await ensureStreams(pool.bus, 'auditor', ['AUDITOR']);
    await wallets.call('open', { url, secret: toHex(bench.miner.secret) });
    const writeConcerns = await lookAtWrites(bench);
    const made = await makeQuotes(bench, quoteAmounts(context));
    const mints = await measureMints(bench, made.quotes);
    const swaps = await measureSwaps(bench);
    await assertAllCommitted(bench);
    return { quotes: made.figures, mints, swaps, writeConcerns };
  } finally {
    await pool.stop();
  }
}

/** A few quotes, mints and swaps under the eyes of mongod's profiler, and to warm up. */
async function lookAtWrites(bench: Bench): Promise<string[]> {
  const concerns = await watchWriteConcerns(bench.deployment.mongoUri, 'mint');
  const { quotes } = await makeQuotes(bench, Array<number>(WARM_UP).fill(amountOf(8)));
  await bench.wallets.call('prepareMints', { quotes: quotes.map(({ id }) => id), amounts: amounts(8) });
  await send(bench, 'mints', 'of 8', 16);
  await bench.wallets.call('prepareSwaps', { count: WARM_UP });
  await send(bench, 'swaps', 'of 2 for 2', 16);
  const found = await concerns.stop();
  bench.context.tell(`mint: every write that mongod's profiler saw is ${found.join(', ')}`);
  return found;
}

function amounts(outputs: number): number[] {
  return Array.from({ length: outputs }, (_, index) => 2 ** (index % DENOMINATIONS));
}

function amountOf(outputs: number): number {
  return amounts(outputs).reduce((sum, amount) => sum + amount, 0);
}

function mintPlan(context: BenchContext) {
  return Object.entries(MINTS).flatMap(([outputs, counts]) =>
    counts.map((count, index) => ({
      outputs: Number(outputs),
      concurrency: CONCURRENCIES[index] ?? 1,
      count: scaled(count, context, 10),
    })),
  );
}

function quoteAmounts(context: BenchContext): number[] {
  return mintPlan(context).flatMap(({ outputs, count }) => Array<number>(count).fill(amountOf(outputs)));
}

interface MintQuote {
  readonly id: string;
  readonly amount: number;
}

/** PAID quotes of these amounts: the mint hears of the batches, makes the quotes, hears of the verdicts, settles them. */
async function makeQuotes(bench: Bench, wanted: readonly number[]) {
  const { pool, miner, context, deployment, url } = bench;
  context.tell(`mint: preparing ${wanted.length} batches and verdicts`);
  const { declared } = pool.build(pool.parts());
  const shares = pool.mine(declared, 1, { target: ANY_HASH });
  const batches = wanted.map((amount) =>
    pool.batch(miner, declared, shares, (batch) => ({ ...batch, creditSum: BigInt(amount) }), { target: ANY_HASH }),
  );
  const auditorSecret = fromHex(readFileSync(deployment.identity.auditorKeyFile, 'utf8').trim());
  const verdicts = batches.map((batch) => signVerdict(batch, {}, auditorSecret));
  const created = await measureEvents(bench, batches.length, () =>
    publishAll(pool.bus, 'pool.batch.accepted', batches),
  );
  const settled = await measureEvents(bench, verdicts.length, () =>
    publishAll(pool.bus, 'auditor.verdict.given', verdicts),
  );
  context.tell(`mint: ${created.perS} quotes/s created, ${settled.perS} quotes/s settled`);
  const mintKey = await mintKeyOf(url);
  const key = { secret: miner.secret, locking: toHex(miner.lockingKey) };
  const found = await findQuotes(url, mintKey, key, true);
  if (found.length !== wanted.length) throw new Error(`${found.length} of ${wanted.length} quotes can be minted`);
  const quotes = found.map(({ quote, amount }): MintQuote => ({ id: quote, amount }));
  return { quotes, figures: { count: wanted.length, created, settled } };
}

/** From the first publish until the mint has published as many events of its own. */
async function measureEvents({ pool, deployment }: Bench, count: number, publish: () => Promise<void>) {
  const { state } = await pool.bus.jsm.streams.info('MINT');
  const used = measureCpu({ ...deployment.pids(), load: process.pid });
  const startedAt = performance.now();
  await publish();
  await untilStreamHolds(pool.bus, 'MINT', state.messages + count);
  const seconds = (performance.now() - startedAt) / 1_000;
  return { perS: rounded(count / seconds), seconds: rounded(seconds), cpuSeconds: used() };
}

async function mintKeyOf(url: string): Promise<string> {
  const info = (await (await fetch(`${url}/v1/info`)).json()) as { pubkey?: string };
  return info.pubkey ?? '';
}

async function measureMints(bench: Bench, quotes: readonly MintQuote[]): Promise<Figures> {
  const left = new Map<number, string[]>();
  for (const { id, amount } of quotes) left.set(amount, [...(left.get(amount) ?? []), id]);
  const figures: Record<string, Figures> = {};
  for (const { outputs, concurrency, count } of mintPlan(bench.context)) {
    const taken = left.get(amountOf(outputs))?.splice(0, count) ?? [];
    await bench.wallets.call('prepareMints', { quotes: taken, amounts: amounts(outputs) });
    figures[`outputs${outputs}At${concurrency}`] = await send(bench, 'mints', `of ${outputs}`, concurrency);
  }
  return figures;
}

async function measureSwaps(bench: Bench): Promise<Figures> {
  const figures: Record<string, Figures> = {};
  for (const [index, concurrency] of CONCURRENCIES.entries()) {
    await bench.wallets.call('prepareSwaps', { count: scaled(SWAPS[index] ?? 0, bench.context, 10) });
    figures[`at${concurrency}`] = await send(bench, 'swaps', 'of 2 for 2', concurrency);
  }
  return figures;
}

async function send(bench: Bench, kind: 'mints' | 'swaps', shape: string, concurrency: number) {
  const { context, deployment, wallets, answered } = bench;
  const used = measureCpu({ ...deployment.pids(), load: wallets.pid });
  const { count, seconds, p50Ms, p99Ms } = await wallets.call('send', { concurrency, milliseconds: SEND_MS });
  const cpuSeconds = used();
  answered[kind] += count;
  const figures = {
    perS: rounded(count / seconds),
    ...{ p50Ms: rounded(p50Ms), p99Ms: rounded(p99Ms), count, seconds: rounded(seconds) },
    mintCpuMsEach: rounded((1_000 * (cpuSeconds['mint'] ?? 0)) / count),
    cpuSeconds,
  };
  const latency = `p50 ${figures.p50Ms} ms, p99 ${figures.p99Ms} ms`;
  context.tell(`mint: ${figures.perS} ${kind} ${shape} /s at ${concurrency} in flight, ${latency}`);
  return figures;
}

/** Speed counts only when everything that was answered is there. */
async function assertAllCommitted({ answered, deployment }: Bench): Promise<void> {
  const client = await MongoClient.connect(deployment.mongoUri);
  try {
    const operations = client.db('mint').collection('operations');
    const mints = await operations.countDocuments({ kind: 'MINT' });
    const swaps = await operations.countDocuments({ kind: 'SWAP' });
    if (mints !== answered.mints || swaps !== answered.swaps) {
      const found = `${mints} mints and ${swaps} swaps`;
      throw new Error(`answered: ${JSON.stringify(answered)}, committed: ${found}`);
    }
  } finally {
    await client.close();
  }
}
