import type { Miner } from '../miner/miner.ts';
import { scrape, sumOf } from './metrics.ts';
import type { Stack } from './stack.ts';

/** What the one live line shows. */
interface LiveFigures {
  readonly hashesPerSecond: number;
  readonly shares: number;
  readonly batchesOpen: number;
  readonly batchesJudged: number;
  readonly quotesPending: number;
  readonly quotesPaid: number;
  readonly quotesIssued: number;
  readonly outstanding: number;
}

/** Reads the figures from the services' metrics, and the hash rate from the miners themselves. */
export function liveFigures(stack: Stack, miners: readonly Miner[]): () => Promise<LiveFigures> {
  const hashesNow = () => miners.reduce((sum, miner) => sum + miner.statistics.hashes, 0);
  let last = { at: performance.now(), hashes: hashesNow() };
  const ports = stack.instances.map((instance) => instance.metricsPort);
  return async () => {
    const samples = await scrape(ports);
    const now = { at: performance.now(), hashes: hashesNow() };
    const hashesPerSecond = ((now.hashes - last.hashes) * 1_000) / Math.max(1, now.at - last.at);
    last = now;
    return {
      hashesPerSecond,
      shares: sumOf(samples, 'assay_pool_shares_total', { result: 'accepted' }),
      batchesOpen: sumOf(samples, 'assay_pool_open_batches'),
      batchesJudged: sumOf(samples, 'assay_audit_verdicts_total'),
      quotesPending: sumOf(samples, 'assay_quote_pending') / mintReplicas(stack),
      quotesPaid: sumOf(samples, 'assay_quotes_total', { state: 'PAID' }),
      quotesIssued: sumOf(samples, 'assay_quotes_total', { state: 'ISSUED' }),
      outstanding: sumOf(samples, 'assay_mint_outstanding_units') / mintReplicas(stack),
    };
  };
}

/** Every mint shows the same ledger. */
function mintReplicas(stack: Stack): number {
  return stack.instances.filter((instance) => instance.service === 'mint').length;
}

export function renderLine(figures: LiveFigures): string {
  const kilohashes = (figures.hashesPerSecond / 1_000).toFixed(0);
  return [
    `${kilohashes} kH/s`,
    `shares ${figures.shares}`,
    `batches open ${figures.batchesOpen} judged ${figures.batchesJudged}`,
    `quotes pending ${figures.quotesPending} paid ${figures.quotesPaid} issued ${figures.quotesIssued}`,
    `ecash ${figures.outstanding}`,
  ].join(' · ');
}
