import type { EventName } from '@assay/proto/catalogue';
import { duplicateWrites } from '@assay/shared/runtime/mongo';
import { WITHOUT_OUTBOX } from '@assay/shared/runtime/outbox';
import { type AnyBulkWriteOperation, type Collection, type Db, ObjectId } from 'mongodb';
import { HISTORY_MAX, type Quote } from '../../domain/quote.ts';
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
  const found = await collection.find({ _id: { $in: [...keys] } }, WITHOUT_OUTBOX).toArray();
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

/** A change under a name of its own: the server only counts what it changed, and two may ask for the very same change. */
interface NamedChange {
  readonly next: Quote;
  readonly by: ObjectId;
}

async function replaceAll(
  collection: Collection<QuoteDocument>,
  quotes: readonly Quote[],
): Promise<readonly boolean[]> {
  const changes = quotes.map((next) => ({ next, by: new ObjectId() }));
  if (await areAllMade(collection, changes)) return quotes.map(() => true);
  if (quotes.length === 1) return [false];
  const keys = quotes.map(({ naturalKey }) => naturalKey);
  const stored = await collection.find({ _id: { $in: keys } }, { projection: { 'history.by': 1 } }).toArray();
  const made = new Set(stored.flatMap(({ history }) => history.map(({ by }) => by?.toHexString())));
  return changes.map(({ by }) => made.has(by.toHexString()));
}

/** A quote with a payment that another one has is not changed, and hinders no other. */
async function areAllMade(collection: Collection<QuoteDocument>, changes: readonly NamedChange[]): Promise<boolean> {
  try {
    return (await collection.bulkWrite(changes.flatMap(updatesTo), { ordered: false })).matchedCount === changes.length;
  } catch (error) {
    const refused = duplicateWrites(error);
    if (refused === undefined || [...refused.values()].some((index) => index !== PAYMENTS_INDEX)) throw error;
    return false;
  }
}

/**
 * Of an `issued` two, of which one at most finds its document: it tells all that was issued so far, so an older one that
 * still waits gives way to it. However often a quote is minted while nobody publishes, its outbox does not grow.
 */
function updatesTo({ next, by }: NamedChange): AnyBulkWriteOperation<QuoteDocument>[] {
  const [event] = quoteEvents(next);
  const filter = { _id: next.naturalKey, version: next.version - 1 };
  const { history: changes, ...set } = renderQuote(next);
  const history = { $each: changes.slice(-1).map((change) => ({ ...change, by })), $slice: -HISTORY_MAX };
  const unset = next.auditNote === undefined ? { $unset: { auditNote: '' } as const } : {};
  const outbox = { $each: event === undefined ? [] : [event] };
  const pushed = { $set: set, ...unset, $push: { history, outbox }, $inc: { version: 1 } };
  if (event?.event !== ISSUED) return [{ updateOne: { filter, update: pushed } }];
  const replaced = { ...pushed, $set: { ...set, 'outbox.$': event }, $push: { history } };
  return [
    { updateOne: { filter: { ...filter, 'outbox.event': ISSUED }, update: replaced } },
    { updateOne: { filter: { ...filter, 'outbox.event': { $ne: ISSUED } }, update: pushed } },
  ];
}
