import { present } from '@assay/shared/kernel/assert';
import type { Clock } from '@assay/shared/kernel/clock';
import { type AcceptedBatch, type BatchRefusal, decideCreate } from '../domain/accepted-batch.ts';
import { pendingQuote, type QuoteTerms } from '../domain/quote.ts';
import { quoteHash } from '../domain/quote-id.ts';
import type { EarlyVerdicts, QuoteIds, Quotes } from '../ports.ts';
import { currentTrace, inSpan, quoteCameTo, type Span } from '../telemetry.ts';

export interface CreateQuotePorts {
  readonly quotes: Quotes;
  readonly quoteIds: QuoteIds;
  readonly earlyVerdicts: EarlyVerdicts;
  readonly clock: Clock;
  /** Pool id → x-only key (hex) that signs its batches. */
  readonly pools: ReadonlyMap<string, string>;
}

export type CreateOutcome =
  { readonly is: 'created' | 'repeated' | 'without-credit' } | { readonly is: 'refused'; readonly code: BatchRefusal };

/**
 * Makes the PENDING quote of an accepted batch, once. It pays nothing here: paying before the verdict would turn a bad
 * share into ecash that nobody can revoke.
 */
export async function createQuote(ports: CreateQuotePorts, batch: AcceptedBatch): Promise<CreateOutcome> {
  const decision = decideCreate(batch, ports.pools);
  switch (decision.do) {
    case 'refuse':
      return { is: 'refused', code: decision.code };
    case 'nothing':
      return { is: 'without-credit' };
    case 'create': {
      const attributes = { method: 'ehash', unit: 'hash' };
      const outcome = await inSpan('mint.create-quote', { attributes }, (span) => store(ports, decision.terms, span));
      // Also for a repeat: the first one may have crashed between the two.
      if (outcome.is !== 'refused') await ports.earlyVerdicts.comeNow(decision.terms);
      return outcome;
    }
  }
}

async function store(
  { quotes, quoteIds, clock }: CreateQuotePorts,
  terms: QuoteTerms,
  span: Span,
): Promise<CreateOutcome> {
  const quote = pendingQuote(terms, { quote: quoteIds.next(), now: clock.now(), trace: currentTrace() });
  const isCreated = (await quotes.insert(quote)) === 'inserted';
  const first = isCreated ? quote : present(await quotes.find(quote.naturalKey), quote.naturalKey);
  span.setAttribute('quote', quoteHash(first.quote));
  if (isCreated) {
    quoteCameTo(quote.method, quote.state);
    return { is: 'created' };
  }
  return first.batchHash === terms.batchHash ? { is: 'repeated' } : { is: 'refused', code: 'BATCH_CONFLICT' };
}
