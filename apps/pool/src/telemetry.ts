import type { UnixMs } from '@assay/shared/kernel/clock';
import type { Logger } from '@assay/shared/runtime/log';
import { counter, gauge, histogram } from '@assay/shared/runtime/metrics';
import { isSampled, openSpan, recordSpan, type OpenSpan } from '@assay/shared/runtime/telemetry';
import type { Batch, BatchTrace } from './domain/batch.ts';
import type { AcceptedShare, ShareRefusal } from './domain/share.ts';
import { SHARE_REFUSALS } from './domain/share.ts';
import { ckpoolRates } from './domain/statistics/ckpool-rates.ts';
import { addShare, hashRates, RATE_WINDOWS, type RateSums } from './domain/statistics/hash-rate.ts';

// Every counter, span and business log event of the pool (01-pool section 15), one function each.

const REASONS = ['none', ...(Object.keys(SHARE_REFUSALS) as ShareRefusal[])] as const;
const SECONDS = [0.000_02, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];
const RATE_NAMES = Object.keys(RATE_WINDOWS) as (keyof typeof RATE_WINDOWS)[];
const REFUSED_SPAN_EVERY = 100;
/**
 * Shares of a batch that have a span of their own. At thousands of submits a second the exporter's queue would overflow
 * and drop whatever comes next, also the spans in which batches are sealed and published; the rest are in the counters.
 */
const TRACED_SHARES = 8;

const shares = counter('assay_pool_shares_total', 'Shares by result and reason', {
  result: ['accepted', 'refused'],
  reason: REASONS,
});
const judgeSeconds = histogram('assay_pool_share_judge_duration_seconds', 'Time to judge a share', {}, SECONDS);
const answerSeconds = histogram(
  'assay_pool_share_answer_duration_seconds',
  'Time from a submit to its answer',
  {},
  SECONDS,
);
const workHashes = counter('assay_pool_work_hashes_total', 'Work of stored shares in hashes', {});
const creditUnits = counter('assay_pool_credit_units_total', 'Credit of sealed batches in ehash', {});
const batches = counter('assay_pool_batches_total', 'Batches by the state that they reached', {
  state: ['open', 'sealed', 'valid', 'invalid'],
});
const batchShares = histogram('assay_pool_batch_shares', 'Shares of a sealed batch', {}, [1, 2, 4, 16, 64, 128, 256]);
const hashRate = gauge('assay_pool_hashrate_hashes_per_second', 'Hash rate of the shares stored by this instance', {
  window: RATE_NAMES,
});
const openBatches = gauge('assay_pool_open_batches', 'Open batches of this instance', {});
const oldestOpen = gauge(
  'assay_pool_oldest_open_batch_age_seconds',
  'Age of the oldest open batch of any instance; 0 when there is none',
  {},
);
const pendingShares = gauge('assay_pool_pending_shares', 'Shares that wait for the store', {});
const sealRetries = counter('assay_pool_seal_retries_total', 'Seals that another instance was faster with', {});

let refusedSeen = 0;
let rates: RateSums | undefined;

/** A monotonic reading in ms, for durations. */
export function stopwatch(): number {
  return performance.now();
}

export function shareAnswered(
  outcome: 'accepted' | ShareRefusal,
  judgedInSeconds: number,
  answeredInSeconds: number,
): void {
  const accepted = outcome === 'accepted';
  shares.add(accepted ? { result: 'accepted', reason: 'none' } : { result: 'refused', reason: outcome });
  judgeSeconds.observe({}, judgedInSeconds);
  answerSeconds.observe({}, answeredInSeconds);
}

/** Of the refused shares every hundredth has a span; of the accepted ones the first of each batch. */
export function traceRefusal(reason: ShareRefusal, startMs: number, endMs: number): void {
  refusedSeen += 1;
  if (refusedSeen % REFUSED_SPAN_EVERY !== 0) return;
  recordSpan('pool.judge-share', { startMs, endMs, attributes: { result: 'refused', reason } });
}

/** Begins the trace of a batch with its first share. */
export function traceFirstShare(share: AcceptedShare, endMs: number): BatchTrace {
  return recordSpan('pool.judge-share', judged(share, endMs));
}

/**
 * Spans of one write to a batch that had `before` shares: of storing it, and of its shares after the first, which began
 * the trace. Only while the batch has few.
 */
export function traceWrite(
  trace: BatchTrace | undefined,
  shares: readonly AcceptedShare[],
  { before, startMs, endMs }: { readonly before: number; readonly startMs: number; readonly endMs: number },
): void {
  if (!isSampled(trace) || before >= TRACED_SHARES) return;
  const further = shares.slice(before === 0 ? 1 : 0, TRACED_SHARES - before);
  for (const share of further) recordSpan('pool.judge-share', { parent: trace, ...judged(share, startMs) });
  const attributes = { shares: shares.length };
  recordSpan('pool.store-shares', { parent: trace, startMs, endMs, attributes });
}

function judged(share: AcceptedShare, endMs: number) {
  const attributes = { result: 'accepted', reason: 'none', k: share.k };
  return { startMs: share.acceptedAt, endMs: Math.max(endMs, share.acceptedAt), attributes };
}

/** The span in which a batch is sealed; the outbox entry carries its context. */
export function openSealSpan(batch: Batch): OpenSpan {
  return openSpan('pool.seal-batch', { parent: batch.trace, attributes: { shares: batch.shares.length } });
}

export function batchReached(state: 'open' | 'sealed' | 'valid' | 'invalid'): void {
  batches.add({ state });
}

export function sharesStored(count: number, work: bigint, at: UnixMs): void {
  workHashes.add({}, count * Number(work));
  rates = addShare(rates, work * BigInt(count), at);
}

/** Each few seconds: the rates decay while no share comes. */
export function ratesPassed(now: UnixMs): void {
  hashRates(rates, now).forEach((rate, index) => {
    const window = RATE_NAMES[index];
    if (window !== undefined) hashRate.set({ window }, rate);
  });
}

/** Each minute, in the words that pool operators know; of this instance, and nothing before its first share. */
export function ratesLogged(log: Logger, now: UnixMs): void {
  if (rates !== undefined) log.info(ckpoolRates(hashRates(rates, now)), 'hash rates');
}

export function batchSealed(batch: Batch, creditSum: bigint): void {
  batches.add({ state: 'sealed' });
  batchShares.observe({}, batch.shares.length);
  creditUnits.add({}, Number(creditSum));
}

export function sealRetried(): void {
  sealRetries.add({});
}

export function writerLoad(open: number, pending: number): void {
  openBatches.set({}, open);
  pendingShares.set({}, pending);
}

export function oldestOpenBatch(ageMs: number): void {
  oldestOpen.set({}, ageMs / 1_000);
}
