import { present } from '@assay/shared/kernel/assert';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import type { Quote } from '../domain/quote.ts';
import { type Refusal, refusal } from '../domain/refusals.ts';
import type { QuoteReader } from '../ports.ts';
import type { PaymentChecks } from './payment-checks.ts';

export interface FindQuotePorts {
  readonly quotes: QuoteReader;
  readonly payments: PaymentChecks;
}

/**
 * The quote of this id and method; an unknown quote and one of another method answer alike. An unpaid one may have been
 * paid meanwhile: its backend is asked.
 */
export async function findQuote(
  ports: FindQuotePorts,
  method: string,
  quoteId: string,
): Promise<Result<Quote, Refusal>> {
  const found = await findCurrent(ports, method, [quoteId]);
  return found.ok ? ok(present(found.value[0], 'the quote')) : found;
}

/** NUT-29: all of them in the order of the ids, or none when one is unknown. */
export async function checkQuotes(
  ports: FindQuotePorts,
  method: string,
  quoteIds: readonly string[],
): Promise<Result<readonly Quote[], Refusal>> {
  if (quoteIds.length === 0) return err(refusal('bad-request', 'no quotes'));
  if (new Set(quoteIds).size < quoteIds.length) return err(refusal('repeated-quote'));
  return findCurrent(ports, method, quoteIds);
}

async function findCurrent(
  { quotes, payments }: FindQuotePorts,
  method: string,
  quoteIds: readonly string[],
): Promise<Result<readonly Quote[], Refusal>> {
  const found = inOrder(method, quoteIds, await quotes.findByIds(quoteIds));
  if (found === undefined) return err(refusal('quote-unknown'));
  const waiting = found.filter(({ state }) => state === 'UNPAID').flatMap(({ lookupId }) => lookupId ?? []);
  const asked = await Promise.all(waiting.map((lookupId) => payments.check(lookupId)));
  if (!asked.includes(true)) return ok(found);
  return ok(inOrder(method, quoteIds, await quotes.findByIds(quoteIds)) ?? found);
}

function inOrder(method: string, quoteIds: readonly string[], found: readonly Quote[]): readonly Quote[] | undefined {
  const byId = new Map(found.filter((quote) => quote.method === method).map((quote) => [quote.quote, quote]));
  const ordered = quoteIds.flatMap((id) => byId.get(id) ?? []);
  return ordered.length === quoteIds.length ? ordered : undefined;
}
