import { err, ok, type Result } from '@assay/shared/kernel/result';
import type { MeltQuote } from '../domain/melt-quote.ts';
import { type Refusal, refusal } from '../domain/refusals.ts';
import { catchUpMeltQuote, type FollowPorts } from './catch-up-melt-quote.ts';

/** The melt quote of this id and method; an unknown quote and one of another method answer alike. */
export async function findMeltQuote(
  ports: FollowPorts,
  method: string,
  quoteId: string,
): Promise<Result<MeltQuote, Refusal>> {
  const quote = await catchUpMeltQuote(ports, quoteId);
  return quote?.method === method ? ok(quote) : err(refusal('quote-unknown'));
}
