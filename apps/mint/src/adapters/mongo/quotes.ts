import type { EventName } from '@assay/proto/catalogue';
import { present } from '@assay/shared/kernel/assert';
import { duplicateWrites } from '@assay/shared/runtime/mongo';
import type { AnyBulkWriteOperation, Collection, Db } from 'mongodb';
import { publicNaturalKey, type Quote } from '../../domain/quote.ts';
import { grouped } from '../../grouping.ts';
import type { Quotes } from '../../ports.ts';
import {
  PAYMENTS_INDEX,
  parseQuote,
  type QuoteDocument,
  quoteDocument,
  quoteEvents,
  QUOTES,
  renderQuote,
} from './quote-document.ts';

/** Consumers handle many messages at once: what they read and write together travels together. */
const GROUP = { weightMax: 64, inFlightMax: 2, waitingMax: 4_096 } as const;

const ISSUED = 'mint.quote.issued' satisfies EventName;

type Inserted = Awaited<ReturnType<Quotes['insert']>>;

/** Quotes in MongoDB: one document each, changed by compare-and-set together with the event of the change. */
export function mongoQuotes(db: Db): Quotes {
  const collection = db.collection<QuoteDocument>(QUOTES.name);
  return {
    find: grouped({ ...GROUP, run: (keys: readonly string[]) => findAll(collection, keys) }),
    insert: grouped({ ...GROUP, run: (quotes: readonly Quote[]) => insertAll(collection, quotes) }),
    replace: grouped({ ...GROUP, run: (quotes: readonly Quote[]) => replaceAll(collection, quotes) }),
  };
}

async function findAll(
  collection: Collection<QuoteDocument>,
  keys: readonly string[],
): Promise<readonly (Quote | undefined)[]> {
  const found = await collection.find({ _id: { $in: [...keys] } }, { projection: { outbox: 0 } }).toArray();
  const byKey = new Map(found.map((document) => [document._id, document]));
  return keys.map((key) => {
    const document = byKey.get(key);
    return document && parseQuote(document);
  });
}

async function insertAll(
  collection: Collection<QuoteDocument>,
  quotes: readonly Quote[],
): Promise<readonly Inserted[]> {
  try {
    await collection.insertMany(quotes.map(quoteDocument), { ordered: false });
    return quotes.map(() => 'inserted');
  } catch (error) {
    const refused = duplicateWrites(error);
    // Another index than the primary key means that a quote id came out twice: a fault of everybody in the group.
    if (refused === undefined || [...refused.values()].some((index) => index !== '_id_')) throw error;
    return quotes.map((_, at) => (refused.has(at) ? 'exists' : 'inserted'));
  }
}

async function replaceAll(
  collection: Collection<QuoteDocument>,
  quotes: readonly Quote[],
): Promise<readonly boolean[]> {
  if (await areAllChanged(collection, quotes)) return quotes.map(() => true);
  if (quotes.length === 1) return [false];
  const stored = await findAll(
    collection,
    quotes.map(({ naturalKey }) => naturalKey),
  );
  return quotes.map((next, at) => isSameChange(next, present(stored[at], publicNaturalKey(next.naturalKey))));
}

/** A quote with a payment that another one has is not changed, and hinders no other. */
async function areAllChanged(collection: Collection<QuoteDocument>, quotes: readonly Quote[]): Promise<boolean> {
  const updates = quotes.flatMap(updatesTo);
  try {
    return (await collection.bulkWrite(updates, { ordered: false })).matchedCount === quotes.length;
  } catch (error) {
    const refused = duplicateWrites(error);
    if (refused === undefined || [...refused.values()].some((index) => index !== PAYMENTS_INDEX)) throw error;
    return false;
  }
}

/**
 * The server only counts what it changed. Two writers of the very same change may both be told that it was theirs, but not
 * two of one kind and millisecond with another cause: a melt would spend its inputs for a quote that somebody else paid.
 * Traces do not tell them apart: what is not sampled has one context throughout.
 */
function isSameChange(next: Quote, stored: Quote): boolean {
  const [mine, theirs] = [next.history.at(-1), stored.history.at(-1)];
  return (
    stored.version === next.version &&
    stored.issueCount === next.issueCount &&
    mine?.event === theirs?.event &&
    mine?.at === theirs?.at &&
    next.trace?.traceparent === stored.trace?.traceparent &&
    next.payments.at(-1)?.id === stored.payments.at(-1)?.id &&
    next.verdict?.hash === stored.verdict?.hash
  );
}

/**
 * Of an `issued` two, of which one at most finds its document: it tells all that was issued so far, so an older one that
 * still waits gives way to it. However often a quote is minted while nobody publishes, its outbox does not grow.
 */
function updatesTo(next: Quote): AnyBulkWriteOperation<QuoteDocument>[] {
  const [event] = quoteEvents(next);
  const filter = { _id: next.naturalKey, version: next.version - 1 };
  const waiting = { outbox: { $each: event === undefined ? [] : [event] } };
  const pushed = { ...changeTo(next), $push: waiting };
  if (event?.event !== ISSUED) return [{ updateOne: { filter, update: pushed } }];
  const { $set, ...others } = changeTo(next);
  const replaced = { ...others, $set: { ...$set, 'outbox.$': event } };
  return [
    { updateOne: { filter: { ...filter, 'outbox.event': ISSUED }, update: replaced } },
    { updateOne: { filter: { ...filter, 'outbox.event': { $ne: ISSUED } }, update: pushed } },
  ];
}

function changeTo(next: Quote) {
  return {
    $set: renderQuote(next),
    ...(next.auditNote === undefined ? { $unset: { auditNote: '' } as const } : {}),
    $inc: { version: 1 },
  };
}
