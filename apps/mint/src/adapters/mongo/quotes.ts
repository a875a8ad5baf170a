import { compareAndSet, duplicateIndexOf } from '@assay/shared/runtime/mongo';
import type { Collection, Db } from 'mongodb';
import type { Quote } from '../../domain/quote.ts';
import type { Quotes } from '../../ports.ts';
import { parseQuote, type QuoteDocument, quoteEvents, QUOTES, renderQuote } from './quote-document.ts';

/** Quotes in MongoDB: one document each, changed by compare-and-set together with the event of the change. */
export function mongoQuotes(db: Db): Quotes {
  const collection = db.collection<QuoteDocument>(QUOTES.name);
  return {
    find: async (naturalKey) => {
      const found = await collection.findOne({ _id: naturalKey }, { projection: { outbox: 0 } });
      return found === null ? undefined : parseQuote(found);
    },
    insert: (quote) => insert(collection, quote),
    replace: (next) => replace(collection, next),
  };
}

async function insert(collection: Collection<QuoteDocument>, quote: Quote): Promise<'inserted' | 'exists'> {
  const document = { _id: quote.naturalKey, ...renderQuote(quote), version: quote.version, outbox: quoteEvents(quote) };
  try {
    await collection.insertOne(document);
    return 'inserted';
  } catch (error) {
    if (duplicateIndexOf(error) === '_id_') return 'exists';
    throw error;
  }
}

function replace(collection: Collection<QuoteDocument>, next: Quote): Promise<boolean> {
  return compareAndSet(collection, next.naturalKey, next.version - 1, {
    $set: renderQuote(next),
    ...(next.auditNote === undefined ? { $unset: { auditNote: '' } } : {}),
    $push: { outbox: { $each: quoteEvents(next) } },
  });
}
