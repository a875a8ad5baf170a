import { present } from '@assay/shared/kernel/assert';
import { MONGO_OPTIONS } from '@assay/shared/runtime/mongo';
import { type Db, type Document, type Filter, MongoServerError, Timestamp } from 'mongodb';
import type { Quote } from '../../domain/quote.ts';
import type { QuoteFeed, QuoteFilter, QuoteWatch } from '../../watch-ports.ts';
import { parseQuote, type QuoteDocument, QUOTES } from './quote-document.ts';

const PAGE = 200;
const AWAIT_MS = 1_000;
/** InvalidResumeToken, ChangeStreamFatalError, ChangeStreamHistoryLost, and a token that is of no server. */
const LOST: readonly unknown[] = [260, 280, 286, 50_811];
/** SnapshotTooOld, SnapshotUnavailable. */
const TOO_OLD: readonly unknown[] = [239, 246];
/** The instant before everything that follows, or the server's token of the last change. */
const POSITION = /^(?:at:(?<seconds>\d{1,10}):(?<increment>\d{1,9})|after:(?<token>[0-9A-Fa-f]{2,1024}))$/;

/** `version` is the one that the event made; the document is read after it. */
type Changed = Document & { readonly fullDocument: QuoteDocument | null; readonly version: number };
type Start = { readonly startAtOperationTime: Timestamp } | { readonly resumeAfter: { readonly _data: string } };

/**
 * Change streams of the quotes. A new watch reads what exists as of one instant of the cluster, and its changes are those
 * after that instant: nothing is missed and nothing comes twice, and nobody has to remember what was given.
 */
export function mongoQuoteFeed(db: Db): QuoteFeed {
  return {
    open: async (filter, position) => {
      if (position !== undefined) {
        const start = startOf(position);
        return start && watchFrom(db, filter, { start, position, snapshot: nothing });
      }
      const began = await clusterTime(db);
      return watchFrom(db, filter, {
        start: { startAtOperationTime: next(began) },
        position: `at:${began.getHighBitsUnsigned()}:${began.getLowBitsUnsigned()}`,
        snapshot: () => untilTooOld(snapshotPages(db, filter, began)),
      });
    },
  };
}

function watchFrom(
  db: Db,
  filter: QuoteFilter,
  from: { readonly start: Start; readonly position: string; snapshot(): ReturnType<QuoteWatch['snapshot']> },
): QuoteWatch {
  const stream = db.collection<QuoteDocument>(QUOTES.name).watch<QuoteDocument, Changed>(pipelineOf(filter), {
    ...from.start,
    fullDocument: 'updateLookup',
    maxAwaitTimeMS: AWAIT_MS,
    batchSize: PAGE,
  });
  let { position } = from;
  return {
    snapshot: from.snapshot,
    change: async () => {
      try {
        do {
          const event = await stream.tryNext();
          const token = stream.resumeToken as { readonly _data: string } | null;
          if (token !== null) position = `after:${token._data}`;
          const quote = event === null ? undefined : quoteOf(event, filter);
          if (quote !== undefined) return quote;
        } while (stream.bufferedCount() > 0);
        return undefined;
      } catch (error) {
        if (error instanceof MongoServerError && LOST.includes(error.code)) return 'lost';
        throw error;
      }
    },
    position: () => position,
    close: () => stream.close(),
  };
}

/** A document that has changed again meanwhile comes with the event of that change. */
function quoteOf({ fullDocument: document, version }: Changed, { state }: QuoteFilter): Quote | undefined {
  if (document === null || document.version !== version) return undefined;
  return state === undefined || document.state === state ? parseQuote(document) : undefined;
}

/**
 * Chosen here by what never changes about an event: a stream can go on only at an event that it would give again. The
 * relay's removals of events change no version.
 */
function pipelineOf({ state: _, ...filter }: QuoteFilter): Document[] {
  const changed = 'updateDescription.updatedFields.version';
  const kinds = [{ operationType: 'insert' }, { operationType: 'update', [changed]: { $exists: true } }];
  return [
    { $match: { $or: kinds, ...matching(filter, 'fullDocument.') } },
    { $set: { version: { $ifNull: [`$${changed}`, '$fullDocument.version'] } } },
    { $unset: ['fullDocument.outbox', 'updateDescription'] },
  ];
}

function matching(filter: QuoteFilter, prefix: '' | 'fullDocument.'): Filter<Document> {
  return Object.fromEntries(Object.entries(filter).map(([field, value]) => [`${prefix}${field}`, value]));
}

/** All pages as of `at`. The driver's snapshot sessions do not tell their instant, so that the command names it. */
async function* snapshotPages(db: Db, filter: QuoteFilter, at: Timestamp): AsyncGenerator<readonly Quote[]> {
  const { useBigInt64, promoteBuffers } = MONGO_OPTIONS;
  const found = db.runCursorCommand(
    {
      find: QUOTES.name,
      filter: matching(filter, ''),
      sort: { createdAt: 1, _id: 1 },
      projection: { outbox: 0 },
      batchSize: PAGE,
      readConcern: { level: 'snapshot', atClusterTime: at },
    },
    { useBigInt64, promoteBuffers },
  );
  found.setBatchSize(PAGE);
  let page: Quote[] = [];
  for await (const document of found) {
    page.push(parseQuote(document as QuoteDocument));
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  yield page;
}

async function* untilTooOld(pages: AsyncIterable<readonly Quote[]>): AsyncGenerator<readonly Quote[] | 'lost'> {
  try {
    yield* pages;
  } catch (error) {
    if (!(error instanceof MongoServerError) || !TOO_OLD.includes(error.code)) throw error;
    yield 'lost';
  }
}

async function* nothing(): AsyncGenerator<readonly Quote[]> {}

async function clusterTime(db: Db): Promise<Timestamp> {
  return db.client.withSession(async (session) => {
    await db.command({ ping: 1 }, { session });
    return present(session.operationTime, 'the time of the cluster');
  });
}

function next(at: Timestamp): Timestamp {
  return new Timestamp({ t: at.getHighBitsUnsigned(), i: at.getLowBitsUnsigned() + 1 });
}

function startOf(position: string): Start | undefined {
  const { seconds, increment, token } = POSITION.exec(position)?.groups ?? {};
  if (token !== undefined) return { resumeAfter: { _data: token } };
  if (seconds === undefined || increment === undefined) return undefined;
  return { startAtOperationTime: next(new Timestamp({ t: Number(seconds), i: Number(increment) })) };
}
