import { assert } from '@assay/shared/kernel/assert';
import { unixMs, type UnixMs } from '@assay/shared/kernel/clock';
import { duplicateIndexOf } from '@assay/shared/runtime/mongo';
import type { Db } from 'mongodb';
import type { Quote } from '../../domain/quote.ts';
import type { FundedQuotes } from '../../fund-ports.ts';
import { type QuoteDocument, quoteDocument, QUOTES } from './quote-document.ts';

/** The server gives up an insert after this, whatever time it was when it began. */
const INSERT_MAX_MS = 10_000;

/** Quotes that are stored in time, by the clock of the server. */
export function mongoFundedQuotes(db: Db): FundedQuotes {
  return {
    storeTime: async () => {
      const localTime: unknown = (await db.command({ hello: 1 }))['localTime'];
      assert(localTime instanceof Date, 'the server tells no time');
      return unixMs(localTime.getTime());
    },
    insertBefore: (quote, deadline) => insertBefore(db, quote, deadline),
  };
}

async function insertBefore(db: Db, quote: Quote, deadline: UnixMs): ReturnType<FundedQuotes['insertBefore']> {
  const pipeline = [
    { $documents: { $literal: [quoteDocument(quote)] } },
    // Of the server, when the command is there: an insert that a process sent after it stood still is refused.
    { $match: { $expr: { $lt: ['$$NOW', new Date(deadline)] } } },
    { $merge: { into: QUOTES.name, whenMatched: 'fail', whenNotMatched: 'insert' } },
  ];
  try {
    await db.aggregate(pipeline, { maxTimeMS: INSERT_MAX_MS }).toArray();
  } catch (error) {
    if (duplicateIndexOf(error) === '_id_') return 'exists';
    throw error;
  }
  const quotes = db.collection<QuoteDocument>(QUOTES.name);
  const stored = await quotes.findOne({ _id: quote.naturalKey }, { projection: { fundToken: 1 } });
  if (stored === null) return 'late';
  return stored.fundToken === quote.fundToken ? 'inserted' : 'exists';
}
