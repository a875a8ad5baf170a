import type { Db } from 'mongodb';
import type { MeltQuotes } from '../../melt-ports.ts';
import { MELT_QUOTES, type MeltQuoteDocument, parseMeltQuote, renderMeltQuote } from './melt-quote-document.ts';

/** Melt quotes in MongoDB: they follow their operations by compare-and-set. */
export function mongoMeltQuotes(db: Db): MeltQuotes {
  const collection = db.collection<MeltQuoteDocument>(MELT_QUOTES.name);
  return {
    find: async (quote) => {
      const found = await collection.findOne({ _id: quote });
      return found === null ? undefined : parseMeltQuote(found);
    },
    findByIds: async (quotes) => {
      const found = await collection.find({ _id: { $in: [...quotes] } }).toArray();
      return found.map(parseMeltQuote);
    },
    insert: async (quote) => {
      await collection.insertOne(renderMeltQuote(quote));
    },
    replace: async (next) => {
      const result = await collection.replaceOne({ _id: next.quote, version: next.version - 1 }, renderMeltQuote(next));
      return result.matchedCount === 1;
    },
    listPending: async ({ before, limit }) => {
      const since = { state: 'PENDING', updatedAt: { $lt: new Date(before) } } as const;
      const found = collection.find(since, { projection: { _id: 1 } });
      return (await found.sort({ expiry: 1 }).limit(limit).toArray()).map(({ _id }) => _id);
    },
  };
}
