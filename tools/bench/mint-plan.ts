import { type BenchContext, scaled } from './benchmark.ts';

export const CONCURRENCIES = [1, 16, 64] as const;

/** How many requests are prepared for each concurrency; what is not sent in time is left out. */
const MINTS: Readonly<Record<number, readonly number[]>> = {
  1: [150, 700, 1_200],
  8: [100, 300, 600],
  64: [40, 120, 200],
};
const SWAPS: Readonly<Record<number, readonly number[]>> = {
  2: [400, 2_500, 5_000],
  8: [150, 600, 1_000],
};
const CHECKS = [300, 1_500, 2_500] as const;
/** A batch takes a hundred quotes, which have to be made first. */
const BATCHES = [
  { concurrency: 1, count: 10 },
  { concurrency: 16, count: 24 },
] as const;

export const QUOTES_IN_BATCH = 100;
export const OUTPUTS_OF_BATCH = 53;
const DENOMINATIONS = 16;

/** Powers of two, again from 1 on after the highest. */
export function amounts(outputs: number): number[] {
  return Array.from({ length: outputs }, (_, index) => 2 ** (index % DENOMINATIONS));
}

export function amountOf(outputs: number): number {
  return amounts(outputs).reduce((sum, amount) => sum + amount, 0);
}

/** Requests of one shape, sent at one concurrency. */
export interface Round {
  /** Outputs of a mint, inputs and outputs of a swap. */
  readonly size: number;
  readonly concurrency: number;
  readonly count: number;
}

export const mintRounds = (context: BenchContext) => roundsOf(MINTS, context);
export const swapRounds = (context: BenchContext) => roundsOf(SWAPS, context);
export const checkRounds = (context: BenchContext) => roundsOf({ 100: CHECKS }, context);

export function batchRounds(context: BenchContext): Round[] {
  return BATCHES.map(({ concurrency, count }) => ({
    ...{ size: OUTPUTS_OF_BATCH, concurrency },
    count: scaled(count, context, 2),
  }));
}

function roundsOf(plan: Readonly<Record<number, readonly number[]>>, context: BenchContext): Round[] {
  return Object.entries(plan).flatMap(([size, counts]) =>
    CONCURRENCIES.map((concurrency, index) => ({
      ...{ size: Number(size), concurrency },
      count: scaled(counts[index] ?? 0, context, 10),
    })),
  );
}

/** What each of the hundred quotes of a batch gives: together the amounts of its outputs. */
export function batchShares(): number[] {
  const total = amountOf(OUTPUTS_OF_BATCH);
  const each = Math.floor(total / QUOTES_IN_BATCH);
  const last = total - each * (QUOTES_IN_BATCH - 1);
  return [...Array<number>(QUOTES_IN_BATCH - 1).fill(each), last];
}

/** Amounts of all quotes that the rounds mint from. */
export function quoteAmounts(context: BenchContext): number[] {
  const mints = mintRounds(context).flatMap(({ size, count }) => Array<number>(count).fill(amountOf(size)));
  const batches = batchRounds(context).reduce((sum, { count }) => sum + count, 0);
  return [...mints, ...Array.from({ length: batches }, batchShares).flat()];
}
