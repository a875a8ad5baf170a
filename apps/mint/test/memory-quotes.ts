import { present } from '@assay/shared/kernel/assert';
import type { Clock } from '@assay/shared/kernel/clock';
import { quoteStepKey } from '../src/domain/operation.ts';
import { issued, type Quote } from '../src/domain/quote.ts';
import type { QuoteReader, Quotes } from '../src/ports.ts';
import type { PayableQuotes } from '../src/payment-ports.ts';
import type { OperationStore } from './memory-operations.ts';

/** Quotes whose counters lag behind the operations until somebody rebuilds them. */
export function memoryQuotes(
  store: OperationStore,
  clock: Clock,
): QuoteReader & Quotes & PayableQuotes & { put(quote: Quote): void; get(naturalKey: string): Quote } {
  const byKey = new Map<string, Quote>();
  const get = (naturalKey: string) => present(byKey.get(naturalKey), 'quote');
  return {
    get,
    put: (quote) => void byKey.set(quote.naturalKey, quote),
    find: async (naturalKey) => byKey.get(naturalKey),
    insert: async (quote) => {
      if (byKey.has(quote.naturalKey)) return 'exists';
      byKey.set(quote.naturalKey, quote);
      return 'inserted';
    },
    replace: async (next) => {
      if (get(next.naturalKey).version !== next.version - 1) return false;
      byKey.set(next.naturalKey, next);
      return true;
    },
    findByLookupId: async (lookupId) => [...byKey.values()].find((quote) => quote.lookupId === lookupId),
    listUnpaid: async ({ createdFrom, after, limit }) => {
      const from = after === undefined ? '' : positionOf(after);
      const quotes = [...byKey.values()]
        .filter((quote) => quote.state === 'UNPAID' && quote.createdAt >= createdFrom && positionOf(quote) > from)
        .sort((a, b) => (positionOf(a) < positionOf(b) ? -1 : 1));
      return { quotes: quotes.slice(0, limit), next: quotes[limit] && quotes[limit - 1] };
    },
    findByIds: async (ids) => [...byKey.values()].filter(({ quote }) => ids.includes(quote)),
    rebuild: async (naturalKey) => {
      let quote = get(naturalKey);
      for (;;) {
        const operation = store.steps.get(quoteStepKey(naturalKey, quote.issueCount));
        const step = operation?.quotes.find((taken) => taken.naturalKey === naturalKey);
        if (step === undefined) break;
        quote = issued(quote, step.amount, clock.now());
      }
      byKey.set(naturalKey, quote);
      return quote;
    },
    listByPubkeys: async ({ pubkeys, method, limit, onlyMintable, after }) => {
      const from = after === undefined ? '' : `${after.createdAt} ${after.naturalKey}`;
      const found = [...byKey.values()]
        .filter((quote) => quote.method === method && pubkeys.some((key) => key === quote.pubkey))
        .filter((quote) => !onlyMintable || quote.state === 'PAID')
        .sort((a, b) => (positionOf(a) < positionOf(b) ? -1 : 1))
        .filter((quote) => positionOf(quote) > from);
      const quotes = found.slice(0, limit);
      return { quotes, next: found.length > limit ? quotes.at(-1) : undefined };
    },
  };
}

function positionOf({ createdAt, naturalKey }: Pick<Quote, 'createdAt' | 'naturalKey'>): string {
  return `${createdAt} ${naturalKey}`;
}
