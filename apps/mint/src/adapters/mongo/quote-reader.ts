import { unixMs } from '@assay/shared/kernel/clock';
import { WITHOUT_OUTBOX } from '@assay/shared/runtime/outbox';
import type { Db, Filter } from 'mongodb';
import { parseQuoteMethod, type QuoteMethod } from '../../domain/quote.ts';
import type { PubkeyQuery, QuoteBrowser, QuotePage, QuotePosition, QuoteQuery, QuoteReader } from '../../ports.ts';
import type { PayableQuotes } from '../../payment-ports.ts';
import { parseQuote, type QuoteDocument, QUOTES, UNPAID_INDEX } from './quote-document.ts';

/** Reads of quotes by other than their natural key. */
export function mongoQuoteReader(db: Db): Omit<QuoteReader, 'rebuild'> & QuoteBrowser & PayableQuotes {
  const collection = db.collection<QuoteDocument>(QUOTES.name);

  async function page(
    filter: Filter<QuoteDocument>,
    after: QuotePosition | undefined,
    limit: number,
    hint?: string,
  ): Promise<QuotePage> {
    const from = after === undefined ? filter : { $and: [filter, following(after)] };
    const found = await collection
      .find(from, { ...WITHOUT_OUTBOX, ...(hint === undefined ? {} : { hint }) })
      .sort({ createdAt: 1, _id: 1 })
      .limit(limit + 1)
      .toArray();
    return pageOf(found, limit);
  }

  return {
    findByIds: async (quoteIds) => {
      const found = await collection.find({ quote: { $in: [...quoteIds] } }, WITHOUT_OUTBOX).toArray();
      return found.map(parseQuote);
    },
    listByPubkeys: async (query) => {
      const method = parseQuoteMethod(query.method);
      if (method === undefined) return { quotes: [], next: undefined };
      return page(byPubkeys(method, query), query.after, query.limit);
    },
    findByLookupId: async (lookupId) => {
      const found = await collection.findOne({ lookupId }, WITHOUT_OUTBOX);
      return found === null ? undefined : parseQuote(found);
    },
    listUnpaid: ({ createdFrom, after, limit }) =>
      page(byQuery({ createdFrom, after, limit, state: 'UNPAID', method: 'bolt11' }), after, limit, UNPAID_INDEX),
    list: (query) => page(byQuery(query), query.after, query.limit),
    pending: async () => {
      const [count, oldest] = await Promise.all([
        collection.countDocuments({ state: 'PENDING' }),
        collection.findOne({ state: 'PENDING' }, { sort: { createdAt: 1 }, projection: { createdAt: 1 } }),
      ]);
      return { count, oldestAt: oldest === null ? undefined : unixMs(oldest.createdAt.getTime()) };
    },
  };
}

function byPubkeys(method: QuoteMethod, { pubkeys, onlyMintable }: PubkeyQuery): Filter<QuoteDocument> {
  // PAID is exactly: something was paid and not all of it is issued.
  return { method, pubkey: { $in: [...pubkeys] }, ...(onlyMintable ? { state: 'PAID' } : {}) };
}

function byQuery({ createdFrom, createdBefore, ...query }: QuoteQuery): Filter<QuoteDocument> {
  const filter: Filter<QuoteDocument> = {};
  if (query.method !== undefined) filter.method = query.method;
  if (query.poolId !== undefined) filter.poolId = query.poolId;
  if (query.pubkey !== undefined) filter.pubkey = query.pubkey;
  if (query.state !== undefined) filter.state = query.state;
  if (createdFrom !== undefined || createdBefore !== undefined) {
    filter.createdAt = {
      ...(createdFrom === undefined ? {} : { $gte: new Date(createdFrom) }),
      ...(createdBefore === undefined ? {} : { $lt: new Date(createdBefore) }),
    };
  }
  return filter;
}

function following({ createdAt, naturalKey }: QuotePosition): Filter<QuoteDocument> {
  const at = new Date(createdAt);
  // The first bound alone lets an index begin there.
  return { createdAt: { $gte: at }, $or: [{ createdAt: { $gt: at } }, { _id: { $gt: naturalKey } }] };
}

function pageOf(found: QuoteDocument[], limit: number): QuotePage {
  const quotes = found.slice(0, limit).map(parseQuote);
  const last = quotes.at(-1);
  const isLast = found.length <= limit || last === undefined;
  return { quotes, next: isLast ? undefined : { createdAt: last.createdAt, naturalKey: last.naturalKey } };
}
