import type {
  Quote as WireQuote,
  WatchQuotesRequest,
  WatchQuotesResponse,
} from '@assay/proto/gen/assay/mint/v1/mint_service';
import { QuoteState } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { present } from '@assay/shared/kernel/assert';
import { toHex, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { amount } from '@assay/shared/kernel/money';
import { ensureCollections, MONGO_OPTIONS } from '@assay/shared/runtime/mongo';
import { FakeClock } from '@assay/testkit/fake-clock';
import { type MongoServer, startMongod } from '@assay/testkit/servers';
import { until } from '@assay/testkit/until';
import fc from 'fast-check';
import { type Db, MongoClient, ReadConcern } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sealedTokens } from '../src/adapters/grpc/sealed-tokens.ts';
import { watchesOf } from '../src/adapters/grpc/watch-quotes.ts';
import { QUOTES } from '../src/adapters/mongo/quote-document.ts';
import { mongoQuoteFeed } from '../src/adapters/mongo/quote-feed.ts';
import { mongoQuotes } from '../src/adapters/mongo/quotes.ts';
import { unpaidQuote } from '../src/domain/bolt11-quote.ts';
import { issued, pendingQuote, type Quote, settled } from '../src/domain/quote.ts';
import type { Quotes } from '../src/ports.ts';
import { aVerdict, TERMS } from './signed-facts.ts';

let server: MongoServer;
let client: MongoClient;
let db: Db;
let quotes: Quotes;
const clock = new FakeClock();
const SECRET = new Uint8Array(32).fill(1);

beforeAll(async () => {
  server = await startMongod();
  client = new MongoClient(server.uri, MONGO_OPTIONS);
});
afterAll(async () => {
  await client.close();
  await server.stop();
});
let databases = 0;
beforeEach(async () => {
  databases += 1;
  db = client.db(`watch_${databases}`);
  await ensureCollections(db, [QUOTES]);
  quotes = mongoQuotes(db);
});

const ANY: WatchQuotesRequest = {
  ...{ method: '', poolId: '', pubkey: Buffer.alloc(0), resumeToken: '' },
  state: QuoteState.QUOTE_STATE_UNSPECIFIED,
};

async function create(batchId: string, poolId = 'pool-1'): Promise<Quote> {
  const terms = { ...TERMS, batchId, poolId, batchHash: toHex(sha256(utf8(batchId))) };
  const quote = pendingQuote(terms, { quote: crypto.randomUUID(), now: clock.now(), trace: undefined });
  await quotes.insert(quote);
  return quote;
}

/** The quote one step further: judged, then minted 1 by 1. */
async function change(quote: Quote): Promise<Quote> {
  const { batchId = '', batchHash = '' } = quote;
  const next =
    quote.state === 'PENDING'
      ? settled(quote, aVerdict({ batchId, batchHash, credited: 28n }), clock.now())
      : issued(quote, amount(1n), clock.now());
  expect(await quotes.replace(next)).toBe(true);
  return next;
}

/** A watch as a team has it, with everything it was given. */
function watch(request: Partial<WatchQuotesRequest> = {}, stallMs = 60_000) {
  const aborter = new AbortController();
  const call = { caller: 'rewards', actor: 'rewards', signal: aborter.signal, deadlineMs: Infinity };
  const stream = watchesOf({ feed: mongoQuoteFeed(db), clock, stallMs, identitySecret: SECRET })(
    { ...ANY, ...request },
    call,
  );
  const next = async (): Promise<WatchQuotesResponse['update']> => {
    const answer = await stream.next();
    return answer.done === true ? undefined : answer.value.update;
  };
  return { stream, next, abort: () => aborter.abort() };
}

type Watch = ReturnType<typeof watch>;

/** Takes updates until one is the bookmark that ends the snapshot, and gives the quotes before it. */
async function snapshotOf({ next }: Watch): Promise<{ quotes: readonly WireQuote[]; resumeToken: string }> {
  const found: WireQuote[] = [];
  for (;;) {
    const update = await next();
    if (update?.$case === 'snapshot') found.push(update.value);
    if (update?.$case === 'bookmark') return { quotes: found, resumeToken: update.value.resumeToken };
  }
}

async function changeOf({ next }: Watch): Promise<WireQuote> {
  const update = await next();
  if (update?.$case !== 'change') throw new Error(`${update?.$case} instead of a change`);
  return update.value;
}

const versionOf = ({ naturalKey, version }: WireQuote) => `${naturalKey} ${version}`;

describe('a watch', () => {
  test('gives what exists, then what changes, and no event that only left the outbox', async () => {
    const old = await create('old');
    const watching = watch();
    const snapshot = await snapshotOf(watching);
    expect(snapshot.quotes.map(versionOf)).toEqual([`${old.naturalKey} 1`]);
    const coming = changeOf(watching);
    await db.collection(QUOTES.name).updateMany({}, { $set: { outbox: [] } });
    await change(old);
    expect(await coming).toMatchObject({ state: QuoteState.QUOTE_STATE_PAID, amountPaid: 28n, version: 2n });
    const created = await create('new');
    expect(versionOf(await changeOf(watching))).toBe(`${created.naturalKey} 1`);
    await watching.stream.return(undefined);
  });

  test.each([
    ['method', { method: 'ehash' }, ['a 1', 'b 1', 'a 2', 'b 2']],
    ['another method', { method: 'reward' }, []],
    ['pool', { poolId: 'pool-2' }, ['b 1', 'b 2']],
    ['pubkey', { pubkey: Buffer.from(TERMS.lockingKey, 'hex') }, ['a 1', 'b 1', 'a 2', 'b 2']],
    ['another pubkey', { pubkey: Buffer.alloc(33, 3) }, []],
    ['state', { state: QuoteState.QUOTE_STATE_PAID }, ['a 2', 'b 2']],
  ])('of one %s gives those only', async (_, filter, expected) => {
    const [a, b] = [await create('a'), await create('b', 'pool-2')];
    const watching = watch(filter);
    const seen = (await snapshotOf(watching)).quotes.map(versionOf);
    await change(a);
    await change(b);
    const wanted = expected.map((line) => `ehash:${line.startsWith('a') ? 'pool-1' : 'pool-2'}/${line}`);
    while (seen.length < wanted.length) seen.push(versionOf(await changeOf(watching)));
    expect(seen).toEqual(wanted);
    watching.abort();
    expect(await watching.next().catch(() => 'aborted')).toBeOneOf([undefined, 'aborted']);
  });

  test('gives a bookmark every 15 s, where a later watch goes on', async () => {
    const quote = await create('bookmarked');
    const first = watch();
    const { resumeToken } = await snapshotOf(first);
    const paid = await change(quote);
    expect(versionOf(await changeOf(first))).toBe(`${quote.naturalKey} 2`);
    clock.advance(15_000);
    const bookmark = present(await first.next(), 'bookmark');
    expect(bookmark).toMatchObject({ $case: 'bookmark', value: { snapshotComplete: true } });
    await first.stream.return(undefined);
    await change(paid);

    const again = watch({ resumeToken });
    expect((await snapshotOf(again)).quotes).toEqual([]);
    // Version 2 was followed by version 3 while nobody watched.
    expect(versionOf(await changeOf(again))).toBe(`${quote.naturalKey} 3`);
    await again.stream.return(undefined);
    const later = watch({ resumeToken: bookmark.$case === 'bookmark' ? bookmark.value.resumeToken : '' });
    await snapshotOf(later);
    expect(versionOf(await changeOf(later))).toBe(`${quote.naturalKey} 3`);
    await later.stream.return(undefined);
  });

  test.each([
    ['no token', 'x', 'PAGE_TOKEN_INVALID'],
    ['an invented position', { position: 'after:zz' }, 'PAGE_TOKEN_INVALID'],
    ['a position of another server', { position: `after:82${'00'.repeat(40)}` }, 'RESUME_TOKEN_EXPIRED'],
  ])('that is to go on at %s is refused', async (_, position, reason) => {
    const { resumeToken } = await snapshotOf(watch());
    const tokens = sealedTokens(SECRET);
    const token = typeof position === 'string' ? position : tokens.seal({ ...tokens.open(resumeToken), ...position });
    const watching = watch({ resumeToken: token });
    const refused = (async () => {
      for (;;) if ((await watching.next()) === undefined) return;
    })();
    await expect(refused).rejects.toMatchObject({ reason });
  });

  test('tells teams nothing of the id of a quote without a key, in no token', async () => {
    const watching = watch({ method: 'bolt11' });
    await snapshotOf(watching);
    const id = crypto.randomUUID();
    const terms = { unit: 'sat', amount: amount(28n), pubkey: undefined, description: undefined };
    const made = { quote: id, expiry: clock.now(), trace: undefined };
    await quotes.insert(unpaidQuote(terms, made, { request: 'lnbc1', lookupId: id }, clock.now()));
    const told: string[] = [];
    for (let update = await watching.next(); told.length < 2; update = await watching.next()) {
      clock.advance(15_000);
      if (update?.$case === 'change') told.push(`${update.value.naturalKey} ${update.value.quoteId}`);
      if (update?.$case === 'bookmark') told.push(update.value.resumeToken);
    }
    const readable = told.flatMap((token) => {
      const text = Buffer.from(token, 'base64url').toString('latin1');
      return [
        token,
        text,
        ...(text.match(/[0-9A-Fa-f]{80,}/g) ?? []).map((hex) => Buffer.from(hex, 'hex').toString('latin1')),
      ];
    });
    expect(readable.filter((text) => text.includes(id))).toEqual([]);
    watching.abort();
  });

  test('of another filter does not take the token', async () => {
    const { resumeToken } = await snapshotOf(watch());
    await expect(watch({ resumeToken, method: 'ehash' }).next()).rejects.toMatchObject({
      reason: 'PAGE_TOKEN_INVALID',
    });
    await expect(watch({ method: 'none' }).next()).rejects.toMatchObject({ reason: 'REQUEST_INVALID' });
  });

  test('whose updates are not taken ends, and its cursor with it', async () => {
    const quote = await create('slow');
    const watching = watch({}, 100);
    await snapshotOf(watching);
    const coming = changeOf(watching);
    await change(quote);
    await coming;
    await until('a cursor is open', async () => ((await openCursors()) > 0 ? true : undefined));
    await until('no cursor is open', async () => ((await openCursors()) === 0 ? true : undefined));
    await expect(watching.next()).rejects.toMatchObject({ reason: 'WATCH_TOO_SLOW' });
  });

  test('that its caller leaves frees its cursor, also while it waits', async () => {
    const watching = watch();
    await snapshotOf(watching);
    const waiting = watching.next().catch(() => undefined);
    await until('a cursor is open', async () => ((await openCursors()) > 0 ? true : undefined));
    watching.abort();
    await waiting;
    await until('no cursor is open', async () => ((await openCursors()) === 0 ? true : undefined));
  });

  test('is one of at most twenty of a process', async () => {
    const open = watchesOf({ feed: mongoQuoteFeed(db), clock, identitySecret: SECRET });
    const call = { caller: 'x', actor: 'x', signal: new AbortController().signal, deadlineMs: Infinity };
    const watches = Array.from({ length: 21 }, () => open(ANY, call));
    const ended = await Promise.allSettled(watches.map((each) => each.next()));
    expect(ended.filter(({ status }) => status === 'rejected')).toMatchObject([
      { reason: { code: 'RESOURCE_EXHAUSTED' } },
    ]);
    await Promise.all(watches.map((each) => each.return(undefined)));
    const again = open(ANY, call);
    expect((await again.next()).done).toBe(false);
    await again.return(undefined);
  });
});

/** Change streams that the server keeps for `watch_*`. */
async function openCursors(): Promise<number> {
  const operations = client.db('admin', { readConcern: new ReadConcern('local') }).aggregate([
    { $currentOp: { allUsers: true, idleCursors: true } },
    {
      $match: {
        ns: `${db.databaseName}.${QUOTES.name}`,
        'cursor.originatingCommand.pipeline.0.$changeStream': { $exists: true },
      },
    },
  ]);
  return (await operations.toArray()).length;
}

describe('two teams that watch, stop anywhere and go on at their last bookmark', () => {
  /** What a team knows: versions by quote, and what came since its bookmark. */
  async function follow(isDone: (versions: ReadonlyMap<string, bigint>) => Promise<boolean>, stopEvery: number) {
    const versions = new Map<string, bigint>();
    let [resumeToken, sinceBookmark] = ['', new Set<string>()];
    for (let taken = 0; ;) {
      const watching = watch({ resumeToken });
      const thisTime = new Set<string>();
      do {
        clock.advance(15_000);
        const update = present(await watching.next(), 'update');
        taken += 1;
        if (update.$case === 'bookmark') {
          const { resumeToken: token, snapshotComplete } = update.value;
          if (snapshotComplete && token !== resumeToken) [resumeToken, sinceBookmark] = [token, new Set()];
          if (await isDone(versions)) return watching.stream.return(undefined);
          continue;
        }
        const { naturalKey, version } = update.value;
        expect(thisTime.has(versionOf(update.value))).toBe(false);
        thisTime.add(versionOf(update.value));
        const known = versions.get(naturalKey) ?? 0n;
        if (version <= known) expect(sinceBookmark.has(versionOf(update.value))).toBe(true);
        else versions.set(naturalKey, version);
        sinceBookmark.add(versionOf(update.value));
      } while (resumeToken === '' || taken % stopEvery !== 0);
      await watching.stream.return(undefined);
    }
  }

  test('know exactly what is stored at the end, in the order of versions', async () => {
    const writes = fc.array(fc.nat(9), { minLength: 10, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(writes, fc.integer({ min: 3, max: 20 }), async (all, stopEvery) => {
        await db.collection(QUOTES.name).deleteMany({});
        let isWritten = false;
        const stored = async () => {
          const found = await db
            .collection(QUOTES.name)
            .find({}, { projection: { version: 1 } })
            .toArray();
          return new Map(found.map(({ _id, version }) => [String(_id), BigInt(Number(version))]));
        };
        const isDone = async (versions: ReadonlyMap<string, bigint>) => {
          const now = isWritten ? await stored() : undefined;
          return now !== undefined && [...now].every(([key, version]) => versions.get(key) === version);
        };
        const write = async () => {
          const known: Quote[] = [];
          for (const [at, choice] of all.entries()) {
            const changed = known[choice];
            if (changed === undefined || changed.state === 'ISSUED') known.push(await create(`b-${at}-${databases}`));
            else known[choice] = await change(changed);
          }
          isWritten = true;
        };
        await Promise.all([write(), follow(isDone, stopEvery), follow(isDone, stopEvery + 1)]);
      }),
      { numRuns: 8 },
    );
  }, 120_000);
});

test('a watch goes on, or is told to, when the database comes back', async () => {
  const quote = await create('restarted');
  const first = watch();
  const { resumeToken } = await snapshotOf(first);
  await server.kill();
  await server.restart();
  const next = await until('a write', () => change(quote).catch(() => undefined));
  const came = await changeOf(first).catch(() => undefined);
  const again = came === undefined ? watch({ resumeToken }) : first;
  if (came === undefined) await snapshotOf(again);
  expect(versionOf(came ?? (await changeOf(again)))).toBe(`${next.naturalKey} 2`);
  await again.stream.return(undefined);
});
