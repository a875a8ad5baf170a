import type { Quote } from '../domain/quote.ts';
import { quoteHash } from '../domain/quote-id.ts';
import type { Quotes } from '../ports.ts';
import { currentTrace, inSpan, quoteCameTo, recordSpan } from '../telemetry.ts';

/**
 * Stores how the wait of a quote ended. Continues the trace that is stored with the quote, of its share or of its wallet:
 * the wait outlives every process.
 * @returns false when the quote changed meanwhile
 */
export function commitSettled(quotes: Quotes, before: Quote, next: Quote): Promise<boolean> {
  const { method, unit, state } = next;
  const attributes = { method, unit, state, quote: quoteHash(next.quote) };
  const options = { parent: before.trace, links: [currentTrace()], attributes };
  return inSpan('mint.settle-quote', options, async () => {
    if (!(await quotes.replace({ ...next, trace: currentTrace() ?? before.trace }))) return false;
    const [startMs, endMs] = [before.createdAt, settledAt(next)];
    recordSpan('quote.pending-wait', { parent: before.trace, startMs, endMs, attributes });
    quoteCameTo(method, state);
    return true;
  });
}

/** When the last change of a quote was, Unix ms. */
export function settledAt({ history, updatedAt }: Quote): number {
  return history.at(-1)?.at ?? updatedAt;
}
