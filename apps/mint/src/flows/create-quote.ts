import { present } from '@assay/shared/kernel/assert';
import type { Clock } from '@assay/shared/kernel/clock';
import { type AcceptedBatch, type BatchRefusal, decideCreate } from '../domain/accepted-batch.ts';
import { pendingQuote, type QuoteTerms } from '../domain/quote.ts';
import type { EarlyVerdicts, QuoteIds, Quotes } from '../ports.ts';
import { currentTrace, inSpan, quoteCameTo } from '../telemetry.ts';

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
      const outcome = await inSpan('mint.create-quote', { attributes }, () => store(ports, decision.terms));
      // Also for a repeat: the first one may have crashed between the two.
      if (outcome.is !== 'refused') await ports.earlyVerdicts.comeNow(decision.terms);
      return outcome;
    }
  }
}

async function store({ quotes, quoteIds, clock }: CreateQuotePorts, terms: QuoteTerms): Promise<CreateOutcome> {
  const quote = pendingQuote(terms, { quote: quoteIds.next(), now: clock.now(), trace: currentTrace() });
  if ((await quotes.insert(quote)) === 'inserted') {
    quoteCameTo(quote.method, quote.state);
    return { is: 'created' };
  }
  const first = present(await quotes.find(quote.naturalKey), quote.naturalKey);
  return first.batchHash === terms.batchHash ? { is: 'repeated' } : { is: 'refused', code: 'BATCH_CONFLICT' };
}
