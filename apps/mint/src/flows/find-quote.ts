import { err, ok, type Result } from '@assay/shared/kernel/result';
import type { Quote } from '../domain/quote.ts';
import { type Refusal, refusal } from '../domain/refusals.ts';
import type { QuoteReader } from '../ports.ts';

/** The quote of this id and method; an unknown quote and one of another method answer alike. */
export async function findQuote(
  { quotes }: { readonly quotes: QuoteReader },
  method: string,
  quoteId: string,
): Promise<Result<Quote, Refusal>> {
  const [found] = await quotes.findByIds([quoteId]);
  return found?.method === method ? ok(found) : err(refusal('quote-unknown'));
}
