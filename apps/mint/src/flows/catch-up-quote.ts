import { present } from '@assay/shared/kernel/assert';
import type { Clock } from '@assay/shared/kernel/clock';
import { sumAmounts } from '@assay/shared/kernel/money';
import { issued, publicNaturalKey, type Quote } from '../domain/quote.ts';
import type { Quotes, QuoteSteps } from '../ports.ts';
import { quoteCameTo, unitsIssued } from '../telemetry.ts';

export interface CatchUpPorts {
  readonly quotes: Quotes;
  readonly steps: QuoteSteps;
  readonly clock: Clock;
}

/** Of one change: a quote that is further behind is counted by several. */
const STEPS_MAX = 10_000;
const ATTEMPTS_MAX = 1_000;

/**
 * The quote as its committed operations say. Operations are the truth about what was issued, counters follow: all steps
 * that were taken since are counted by one compare-and-set on the document that had not counted them, so once, by whoever
 * comes first.
 */
export async function catchUpQuote(ports: CatchUpPorts, naturalKey: string): Promise<Quote> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const quote = present(await ports.quotes.find(naturalKey), publicNaturalKey(naturalKey));
    const taken = await ports.steps.takenFrom(naturalKey, quote.issueCount, STEPS_MAX);
    if (taken.length === 0) return quote;
    const value = sumAmounts(taken);
    const next = issued(quote, value, ports.clock.now(), taken.length);
    if (!(await ports.quotes.replace(next))) continue;
    told(next, value);
    if (taken.length < STEPS_MAX) return next;
  }
  throw new Error(`${publicNaturalKey(naturalKey)} changed under ${ATTEMPTS_MAX} attempts to count its steps`);
}

function told(next: Quote, value: bigint): void {
  unitsIssued(next.unit, next.method, value);
  if (next.state === 'ISSUED') quoteCameTo(next.method, next.state);
}
