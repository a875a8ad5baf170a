import { MongoClient } from 'mongodb';
import { toHex } from '@assay/shared/kernel/bytes';
import { portOf } from '../stack/port-plan.ts';
import { type Benchmark, type Figures, rounded, scaled } from './benchmark.ts';
import { type Deployment, startDeployment } from './deployment.ts';
import { measureForeignMint } from './foreign-mint.ts';
import { type Load, type RequestKind, send, SEND_MS } from './mint-load.ts';
import {
  amountOf,
  amounts,
  batchRounds,
  batchShares,
  checkRounds,
  mintRounds,
  OUTPUTS_OF_BATCH,
  quoteAmounts,
  swapRounds,
} from './mint-plan.ts';
import { type QuoteMaker, type QuoteStock, startQuoteMaker } from './mint-quotes.ts';
import { startProgram } from './program.ts';
import type { WalletProgram } from './wallet-program.ts';
import { watchWriteConcerns } from './write-concern.ts';

const WARM_UP = 100;
const TWO_MINTS_SWAPS = 2_500;
const TWO_MINTS_TURNS = 2;
const IN_FLIGHT = 64;
const METHOD = 'ehash';

export const mintBench: Benchmark = {
  name: 'mint',
  method:
    'one mint, one signatory (1 signing thread), NATS, mongod and the wallets each a process; quotes from batches and verdicts ' +
    'signed beforehand with the keys of the test pool and auditor; requests computed beforehand, each on a quote or on proofs ' +
    `of its own, kept-alive HTTP, closed loop, at most ${SEND_MS / 1_000} s each; CPU seconds from /proc, load = the wallets; ` +
    'two mints: turns of one and of two processes on one database, signatory and mongod, one after the other',
  run: async (context) => {
    if (context.url !== undefined) return measureForeignMint(context, context.url);
    const { profileDir } = context;
    const overrides = () => ({ mint: { MINT_RATE_PER_IP_MIN: '0' } });
    const deployment = await startDeployment({ overrides, profileDir, replicas: { mint: 2 } });
    const wallets = await startProgram<WalletProgram>('./wallet-program.ts');
    try {
      context.tell('mint: starting signatory and mint');
      await deployment.start('signatory', 'mint');
      return await withMint({ context, deployment, wallets, pids: deployment.pids, answered: new Map() });
    } finally {
      await wallets.stop();
      await deployment.stop();
    }
  },
};

interface Bench extends Load {
  readonly deployment: Deployment;
}

async function withMint(bench: Bench): Promise<Figures> {
  const { context, deployment, wallets } = bench;
  const urls = [0, 1].map((replica) => `http://127.0.0.1:${portOf(deployment.options, 'mintHttp', replica)}`);
  const maker = await startQuoteMaker(deployment, urls[0] ?? '');
  try {
    await wallets.call('open', { urls, unit: 'hash', secret: toHex(maker.miner.secret) });
    const writeConcerns = await lookAtWrites(bench, maker);
    const { stock, figures: quotes } = await maker.make(context, quoteAmounts(context));
    const mints = await measureMints(bench, stock);
    const batchMints = await measureBatches(bench, stock);
    const swaps = await measureSwaps(bench);
    const checks = await measureChecks(bench);
    const twoMints = await measureTwoMints(bench);
    await assertAllCommitted(bench);
    return { quotes, mints, batchMints, swaps, checks, twoMints, writeConcerns };
  } finally {
    await maker.stop();
  }
}

/** A few quotes, mints and swaps under the eyes of mongod's profiler, and to warm up. */
async function lookAtWrites(bench: Bench, maker: QuoteMaker): Promise<string[]> {
  const concerns = await watchWriteConcerns(bench.deployment.mongoUri, 'mint');
  const { stock } = await maker.make(bench.context, Array<number>(WARM_UP).fill(amountOf(8)));
  await prepareMints(bench, stock.take(amountOf(8), WARM_UP), 8);
  await send(bench, { kind: 'mints', shape: 'of 8', concurrency: 16 });
  await bench.wallets.call('prepareSwaps', { count: WARM_UP, size: 2 });
  await send(bench, { kind: 'swaps', shape: 'of 2 for 2', concurrency: 16 });
  const found = await concerns.stop();
  bench.context.tell(`mint: every write that mongod's profiler saw is ${found.join(', ')}`);
  return found;
}

function prepareMints({ wallets }: Load, quotes: readonly string[], outputs: number): Promise<void> {
  return wallets.call('prepareMints', { method: METHOD, quotes, amounts: amounts(outputs), locked: true });
}

async function measureMints(bench: Bench, stock: QuoteStock): Promise<Figures> {
  const figures: Record<string, Figures> = {};
  for (const { size, concurrency, count } of mintRounds(bench.context)) {
    await prepareMints(bench, stock.take(amountOf(size), count), size);
    const sending = { kind: 'mints', shape: `of ${size}`, concurrency, signatures: size } as const;
    figures[`outputs${size}At${concurrency}`] = await send(bench, sending);
  }
  return figures;
}

/** NUT-29: a hundred quotes in one request. */
async function measureBatches(bench: Bench, stock: QuoteStock): Promise<Figures> {
  const figures: Record<string, Figures> = {};
  const shares = batchShares();
  for (const { size, concurrency, count } of batchRounds(bench.context)) {
    for (let made = 0; made < count; made += 1) {
      const quotes = shares.map((share) => stock.take(share, 1)[0] ?? '');
      await bench.wallets.call('prepareBatch', { method: METHOD, quotes, shares, amounts: amounts(size) });
    }
    const shape = `of ${shares.length} quotes for ${OUTPUTS_OF_BATCH} outputs`;
    const sending = { kind: 'batch mints', shape, concurrency, signatures: size } as const;
    figures[`quotes${shares.length}At${concurrency}`] = await send(bench, sending);
  }
  return figures;
}

async function measureSwaps(bench: Bench): Promise<Figures> {
  const figures: Record<string, Figures> = {};
  for (const { size, concurrency, count } of swapRounds(bench.context)) {
    await bench.wallets.call('prepareSwaps', { count, size });
    const sending = { kind: 'swaps', shape: `of ${size} for ${size}`, concurrency, signatures: size } as const;
    figures[`${size}for${size}At${concurrency}`] = await send(bench, sending);
  }
  return figures;
}

async function measureChecks(bench: Bench): Promise<Figures> {
  const figures: Record<string, Figures> = {};
  for (const { size, concurrency, count } of checkRounds(bench.context)) {
    await bench.wallets.call('prepareChecks', { count, size });
    const shape = `of ${size} states`;
    figures[`states${size}At${concurrency}`] = await send(bench, { kind: 'checks', shape, concurrency });
  }
  return figures;
}

/** Swaps 2 for 2 with one mint and with two, in turns, so that whatever else the machine does meets both. */
async function measureTwoMints(bench: Bench): Promise<Figures> {
  const { context, deployment, wallets } = bench;
  context.tell('mint: starting a second mint');
  await deployment.start('mint-1');
  const turns: { readonly mints: number; readonly figures: SwapFigures }[] = [];
  for (let turn = 0; turn < 2 * TWO_MINTS_TURNS; turn += 1) {
    const mints = 1 + (turn % 2);
    await wallets.call('prepareSwaps', { count: scaled(TWO_MINTS_SWAPS, context, 10), size: 2 });
    const shape = `of 2 for 2 by ${mints === 1 ? 'one mint' : 'two mints'}`;
    const figures = await send(bench, { kind: 'swaps', shape, concurrency: IN_FLIGHT, mints });
    turns.push({ mints, figures: figures as SwapFigures });
  }
  const [one, two] = [1, 2].map((mints) => meanOf(turns.filter((turn) => turn.mints === mints)));
  if (one === undefined || two === undefined) throw new Error('there were turns of one mint and of two');
  return {
    oneMint: one,
    twoMints: two,
    throughputRatio: rounded(two.perS / one.perS),
    cpuPerSwapRatio: rounded(two.cpuMsEachOfAll / one.cpuMsEachOfAll),
  };
}

interface SwapFigures extends Figures {
  readonly perS: number;
  readonly p99Ms: number;
  readonly cpuMsEach: Readonly<Record<string, number>>;
}

function meanOf(turns: readonly { readonly figures: SwapFigures }[]) {
  const mean = (of: (figures: SwapFigures) => number) =>
    rounded(turns.reduce((sum, { figures }) => sum + of(figures), 0) / turns.length);
  // Signatory, database and bus included, the wallets not.
  const ofAll = ({ cpuMsEach: { load: _, ...parts } }: SwapFigures) =>
    Object.values(parts).reduce((sum, part) => sum + part, 0);
  return {
    perS: mean(({ perS }) => perS),
    p99Ms: mean(({ p99Ms }) => p99Ms),
    mintCpuMsEach: mean(({ cpuMsEach }) => cpuMsEach['mint'] ?? 0),
    cpuMsEachOfAll: mean(ofAll),
  };
}

/** Speed counts only when everything that was answered is there. */
async function assertAllCommitted({ answered, deployment }: Bench): Promise<void> {
  const client = await MongoClient.connect(deployment.mongoUri);
  const told = (...kinds: readonly RequestKind[]) => kinds.reduce((sum, kind) => sum + (answered.get(kind) ?? 0), 0);
  try {
    const operations = client.db('mint').collection('operations');
    const mints = await operations.countDocuments({ kind: 'MINT' });
    const swaps = await operations.countDocuments({ kind: 'SWAP' });
    if (mints === told('mints', 'batch mints') && swaps === told('swaps')) return;
    const found = `${mints} mints and ${swaps} swaps`;
    throw new Error(`answered: ${JSON.stringify([...answered])}, committed: ${found}`);
  } finally {
    await client.close();
  }
}
