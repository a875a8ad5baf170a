import { present } from '@assay/shared/kernel/assert';
import type { Clock } from '@assay/shared/kernel/clock';
import { issued, publicNaturalKey, type Quote } from '../domain/quote.ts';
import type { Quotes, QuoteSteps } from '../ports.ts';
import { quoteCameTo, unitsIssued } from '../telemetry.ts';

export interface CatchUpPorts {
  readonly quotes: Quotes;
  readonly steps: QuoteSteps;
  readonly clock: Clock;
}

const CHANGES_MAX = 100_000;

/**
 * The quote as its committed operations say. Operations are the truth about what was issued, counters follow: step n is
 * counted by a compare-and-set on the document that has counted n steps, so once, by whoever comes first.
 */
export async function catchUpQuote(ports: CatchUpPorts, naturalKey: string): Promise<Quote> {
  for (let change = 0; change < CHANGES_MAX; change += 1) {
    const quote = present(await ports.quotes.find(naturalKey), publicNaturalKey(naturalKey));
    const step = await ports.steps.find(naturalKey, quote.issueCount);
    if (step === undefined) return quote;
    const next = issued(quote, step.amount, ports.clock.now());
    if (await ports.quotes.replace(next)) told(next, step.amount);
  }
  throw new Error(`${publicNaturalKey(naturalKey)} has more than ${CHANGES_MAX} steps to count`);
}

function told(next: Quote, value: bigint): void {
  unitsIssued(next.unit, next.method, value);
  if (next.state === 'ISSUED') quoteCameTo(next.method, next.state);
}
