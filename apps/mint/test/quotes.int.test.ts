import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { type NatsServer, startNats } from '@assay/testkit/servers';
import { toHex } from '@assay/shared/kernel/bytes';
import { systemClock } from '@assay/shared/runtime/clock';
import { deadLetterStore } from '@assay/shared/runtime/dead-letters';
import { publishEvent } from '@assay/shared/runtime/nats';
import { DeadLetterClass } from '@assay/proto/gen/assay/platform/v1/dead_letters';
import { QuoteState } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AcceptedBatch } from '../src/domain/accepted-batch.ts';
import { ehashKey, type Quote, type QuoteState as State } from '../src/domain/quote.ts';
import type { Verdict } from '../src/domain/verdict-hash.ts';
import { type RunningMint, runMint } from './running-mint.ts';
import { AUDITOR_SECRET, aBatch, aVerdict, POOL_KEY } from './signed-facts.ts';
import { until } from '@assay/testkit/until';
import { tellBatch, tellVerdict, verdictMessage } from './wire-facts.ts';

let database: TestDatabase;
let nats: NatsServer;
let mints: [RunningMint, RunningMint];

beforeAll(async () => {
  [database, nats] = await Promise.all([testDatabase(), startNats()]);
  const options = { db: database.db, natsUrl: nats.url };
  mints = [await runMint(options), await runMint(options)];
});

afterAll(async () => {
  for (const mint of mints) await mint.stop();
  await nats.stop();
  await database.drop();
});

const ANY_CLASS = DeadLetterClass.DEAD_LETTER_CLASS_UNSPECIFIED;
const bus = () => mints[0].bus;
const verdictOn = (batch: AcceptedBatch, fields: Partial<Verdict> = {}, secret = AUDITOR_SECRET) =>
  aVerdict({ batchId: batch.batchId, batchHash: toHex(batch.batchHash), ...fields }, secret);
const quoteOf = (batch: AcceptedBatch) => mints[1].quotes.find(ehashKey(batch.poolId, batch.batchId));

async function quoteIn(state: State, batch: AcceptedBatch): Promise<Quote> {
  return until(`${batch.batchId} ${state}`, async () => {
    const quote = await quoteOf(batch);
    return quote?.state === state ? quote : undefined;
  });
}

/** The dead letter with this code of a message that names the batch. */
async function letterOf(batchId: string, code: string) {
  return until(`dead letter ${code} of ${batchId}`, async () => {
    const { letters } = mints[0];
    const coded = (await letters.list({}, { limit: 500 })).filter((letter) => letter.code === code);
    const whole = await Promise.all(coded.map(({ _id }) => letters.get(_id)));
    return whole.find((letter) => letter !== undefined && Buffer.from(letter.raw).includes(batchId));
  });
}

describe('a quote', () => {
  test('is pending from its batch on, and paid by its verdict at what was credited', async () => {
    const batch = aBatch({ batchId: 'paid' });
    await tellBatch(bus(), batch);
    const pending = await quoteIn('PENDING', batch);
    expect(pending).toMatchObject({ amountRequested: 28n, amountPaid: 0n, verdict: undefined });
    expect(pending.quote).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);

    await tellVerdict(bus(), verdictOn(batch, { credited: 8n, code: 'OK_PARTIAL' }));
    const paid = await quoteIn('PAID', batch);
    expect(paid).toMatchObject({ quote: pending.quote, amountRequested: 28n, amountPaid: 8n, auditCode: 'OK_PARTIAL' });
    expect(paid.updatedAt).toBeGreaterThan(pending.updatedAt);
  });

  test('of an invalid batch fails', async () => {
    const batch = aBatch({ batchId: 'failed' });
    await tellBatch(bus(), batch);
    await tellVerdict(bus(), verdictOn(batch, { result: 'INVALID', credited: 0n, code: 'TEMPLATE_INVALID' }));
    expect(await quoteIn('FAILED', batch)).toMatchObject({ amountPaid: 0n, auditCode: 'TEMPLATE_INVALID' });
  });

  test('is settled although the verdict came before the batch', async () => {
    const batch = aBatch({ batchId: 'early' });
    await tellVerdict(bus(), verdictOn(batch));
    await until('the verdict waits', async () =>
      (await database.db.collection('waitingMessages').countDocuments({ code: 'VERDICT_EARLY' })) > 0
        ? true
        : undefined,
    );
    await tellBatch(bus(), batch);
    expect(await quoteIn('PAID', batch)).toMatchObject({ amountPaid: 28n });
  });

  test('is settled soon after its batch, however long its verdict would still have waited', async () => {
    const batch = aBatch({ batchId: 'late-batch' });
    await publishEvent(bus(), 'auditor.verdict.given', verdictMessage(verdictOn(batch)), {});
    const waiting = database.db.collection('waitingMessages');
    // The waits are 0.25, 1, 5, 15 s: in the third one it would be seconds until the verdict comes again.
    await until('the third wait', async () =>
      (await waiting.countDocuments({ messageId: /late-batch/, attempt: 3 })) === 1 ? true : undefined,
    );
    const begun = performance.now();
    await tellBatch(bus(), batch);
    await quoteIn('PAID', batch);
    expect(performance.now() - begun).toBeLessThan(4_000);
  });

  test('is made once and settled once, however often both instances hear of it', async () => {
    const batch = aBatch({ batchId: 'repeated' });
    const verdict = verdictOn(batch);
    const times = Array.from({ length: 20 });
    await Promise.all(times.flatMap(() => [tellBatch(bus(), batch), tellVerdict(bus(), verdict)]));
    await quoteIn('PAID', batch);
    await Promise.all(times.flatMap(() => [tellBatch(bus(), batch), tellVerdict(bus(), verdict)]));
    const conflicting = verdictOn(batch, { credited: 27n });
    await tellVerdict(bus(), conflicting);
    await letterOf('repeated', 'VERDICT_CONFLICT');
    expect(await quoteOf(batch)).toMatchObject({ version: 2, amountPaid: 28n, payments: [{ amount: 28n }] });
  });

  test('keeps the content that came first', async () => {
    const batch = aBatch({ batchId: 'other-content' });
    await tellBatch(bus(), batch);
    await quoteIn('PENDING', batch);
    await tellBatch(bus(), aBatch({ batchId: 'other-content', creditSum: 1_000n }));
    expect(await letterOf('other-content', 'BATCH_CONFLICT')).toMatchObject({ class: 'POISON', state: 'OPEN' });
    expect(await quoteOf(batch)).toMatchObject({ amountRequested: 28n, version: 1 });
  });

  test('of poison is never made, and the true batch with that id still is', async () => {
    const batch = aBatch({ batchId: 'poison' });
    await tellBatch(bus(), { ...batch, poolSignature: Buffer.from(batch.poolSignature).fill(1, 3, 4) });
    expect(await letterOf('poison', 'BATCH_SIGNATURE')).toMatchObject({ class: 'POISON', durable: 'mint-quotes' });
    expect(await quoteOf(batch)).toBeUndefined();
    await tellBatch(bus(), batch);
    await quoteIn('PENDING', batch);
  });

  test('of less than one ehash is not made, and its verdict is not missed', async () => {
    const batch = aBatch({ batchId: 'no-credit', creditSum: 0n });
    await tellBatch(bus(), batch);
    await tellVerdict(bus(), verdictOn(batch, { declared: 0n, credited: 0n, result: 'INVALID', code: 'SHARE_STALE' }));
    const after = aBatch({ batchId: 'after-no-credit' });
    await tellBatch(bus(), after);
    await quoteIn('PENDING', after);
    expect(await quoteOf(batch)).toBeUndefined();
    expect(await database.db.collection('waitingMessages').countDocuments({ _id: /no-credit/ })).toBe(0);
  });

  test('stays pending, with a note, when the auditor gives its batch up, and is paid all the same later', async () => {
    const batch = aBatch({ batchId: 'given-up' });
    await tellBatch(bus(), batch);
    await quoteIn('PENDING', batch);
    const { poolId, batchId } = batch;
    const fact = { class: DeadLetterClass.DEAD_LETTER_CLASS_DEPENDENCY, code: 'HOLD_NODE_BEHIND', revision: 0 };
    const message = { poolId, batchId, batchHash: Buffer.from(batch.batchHash), ...fact, atMs: 1n, version: 1n };
    await publishEvent(bus(), 'auditor.batch.dead-lettered', message, {});
    await until('the note', async () => ((await quoteOf(batch))?.auditNote === 'DEAD_LETTERED' ? true : undefined));
    await tellVerdict(bus(), verdictOn(batch));
    expect(await quoteIn('PAID', batch)).toMatchObject({ auditNote: undefined, amountPaid: 28n });
  });

  test.each([
    ['refused-key', {}, 'a key that is no auditor'],
    ['refused-sum', { credited: 29n }, 'more than was asked for'],
  ])('is not settled by a verdict that fails a guard: %s', async (batchId, fields, _) => {
    const batch = aBatch({ batchId });
    await tellBatch(bus(), batch);
    const secret = 'credited' in fields ? AUDITOR_SECRET : Buffer.alloc(32, 9);
    await tellVerdict(bus(), verdictOn(batch, fields, secret));
    expect(await letterOf(batchId, 'VERDICT_REFUSED')).toMatchObject({ class: 'POISON', durable: 'mint-verdicts' });
    expect(await quoteIn('PENDING', batch)).toMatchObject({ amountPaid: 0n, version: 1 });
  });
});

describe('a team', () => {
  test('finds a quote by id, by reference and by batch, and lists quotes page by page', async () => {
    const batch = aBatch({ batchId: 'found', poolId: 'pool-1' });
    await tellBatch(bus(), batch);
    const { quote: quoteId } = await quoteIn('PENDING', batch);
    const [{ teams }] = mints;
    const byId = await teams.getQuote({ by: { $case: 'quoteId', value: quoteId } });
    const reference = { method: 'ehash', reference: 'pool-1/found' };
    expect(await teams.getQuote({ by: { $case: 'reference', value: reference } })).toEqual(byId);
    expect(await teams.getQuote({ by: { $case: 'batch', value: { poolId: 'pool-1', batchId: 'found' } } })).toEqual(
      byId,
    );
    expect(byId.quote).toMatchObject({ state: QuoteState.QUOTE_STATE_PENDING, amountRequested: 28n, unit: 'HASH' });
    const unknown = teams.getQuote({ by: { $case: 'quoteId', value: 'no-such-quote' } });
    await expect(unknown).rejects.toMatchObject({ code: 'NOT_FOUND', reason: 'QUOTE_UNKNOWN' });

    const keys: string[] = [];
    for (let pageToken = ''; ;) {
      const filter = {
        method: 'ehash',
        poolId: 'pool-1',
        pubkey: Buffer.alloc(0),
        state: 0,
        createdFromMs: 0n,
      } as const;
      const page = await teams.listQuotes({ ...filter, createdBeforeMs: 0n, pageSize: 2, pageToken });
      keys.push(...page.quotes.map(({ naturalKey }) => naturalKey));
      pageToken = page.nextPageToken;
      if (pageToken === '') break;
    }
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.length).toBe(await database.db.collection('quotes').countDocuments());
  });
});

test('a time beyond the calendar is refused, and no fault', async () => {
  const [{ teams }] = mints;
  const filter = { method: '', poolId: '', pubkey: Buffer.alloc(0), state: 0, pageSize: 1, pageToken: '' } as const;
  for (const ms of [8_640_000_000_000_001n, 2n ** 53n - 1n, 2n ** 64n - 1n]) {
    const listed = teams.listQuotes({ ...filter, createdFromMs: ms, createdBeforeMs: 0n });
    await expect(listed).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'REQUEST_INVALID' });
    await expect(teams.getSupply({ atMs: ms })).rejects.toMatchObject({ reason: 'REQUEST_INVALID' });
  }
});

test('a method that does not exist is refused, and has no empty list', async () => {
  const [{ teams }] = mints;
  const filter = {
    method: 'ehahs',
    poolId: '',
    pubkey: Buffer.alloc(0),
    state: 0,
    pageSize: 1,
    pageToken: '',
  } as const;
  const listed = teams.listQuotes({ ...filter, createdFromMs: 0n, createdBeforeMs: 0n });
  await expect(listed).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'REQUEST_INVALID' });
});

test('so is a state that does not exist', async () => {
  const unknown: number = 99;
  const [{ teams }] = mints;
  const filter = { method: '', poolId: '', pubkey: Buffer.alloc(0), pageSize: 1, pageToken: '' } as const;
  const listed = teams.listQuotes({ ...filter, state: unknown as QuoteState, createdFromMs: 0n, createdBeforeMs: 0n });
  await expect(listed).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'REQUEST_INVALID' });
});

describe('an operator', () => {
  test('replays the batch of a pool that was not configured once it is', async () => {
    const batch = aBatch({ batchId: 'unknown-pool', poolId: 'pool-9' });
    await tellBatch(bus(), batch);
    const letter = await letterOf('unknown-pool', 'POOL_UNKNOWN');
    expect(letter).toMatchObject({ class: 'DEPENDENCY', state: 'OPEN' });
    for (const mint of mints) await mint.stop();
    const pools = new Map([
      ['pool-1', POOL_KEY],
      ['pool-9', POOL_KEY],
    ]);
    const options = { db: database.db, natsUrl: nats.url, pools };
    mints = [await runMint(options), await runMint(options)];
    const { operators } = mints[0];
    const shown = await operators.getDeadLetter({ deadLetterId: letter._id });
    expect(shown.deadLetter?.rendered).toContain(toHex(batch.batchHash));
    const request = {
      requestId: 'r-1',
      reason: 'pool-9 is configured now',
      deadLetterIds: [letter._id],
      class: ANY_CLASS,
    };
    expect(await operators.replayDeadLetters(request)).toEqual({ replayed: 1 });
    expect(await operators.replayDeadLetters(request)).toEqual({ replayed: 1 });
    await quoteIn('PENDING', batch);
    const again = operators.replayDeadLetters({ ...request, requestId: 'r-2' });
    await expect(again).rejects.toMatchObject({ reason: 'DEAD_LETTER_CLOSED' });
  });

  test('replays all open letters of a class, however many they are', async () => {
    const letters = deadLetterStore(database.db, 'mint');
    const now = systemClock.now();
    const seen = { durable: 'nobody', deliveries: 1, firstSeenAt: now, lastSeenAt: now, raw: new Uint8Array(1) };
    const letter = { ...seen, class: 'LATE', code: 'FAULT', subject: 'nothing', messageId: 'none' } as const;
    await Promise.all(Array.from({ length: 501 }, (_, n) => letters.record({ ...letter, id: `late-${n}` })));
    const late = { requestId: 'c-1', reason: 'try again', class: DeadLetterClass.DEAD_LETTER_CLASS_LATE };
    expect(await mints[0].operators.replayDeadLetters({ ...late, deadLetterIds: [] })).toEqual({ replayed: 501 });
    expect(await letters.list({ state: 'OPEN', class: 'LATE' }, { limit: 1 })).toEqual([]);
  });

  test('can only drop poison, and says why', async () => {
    const { operators } = mints[0];
    const list = { state: 1, class: DeadLetterClass.DEAD_LETTER_CLASS_POISON, pageSize: 1, pageToken: '' } as const;
    const { deadLetters } = await operators.listDeadLetters(list);
    const deadLetterId = deadLetters[0]?.deadLetterId ?? '';
    const replay = operators.replayDeadLetters({
      requestId: 'p-1',
      reason: 'try again',
      deadLetterIds: [deadLetterId],
      class: ANY_CLASS,
    });
    await expect(replay).rejects.toMatchObject({ reason: 'DEAD_LETTER_POISON' });
    const short = operators.dropDeadLetter({ requestId: 'p-2', reason: 'no', deadLetterId });
    await expect(short).rejects.toMatchObject({ reason: 'REASON_TOO_SHORT' });
    const dropped = await operators.dropDeadLetter({ requestId: 'p-3', reason: 'sent by a test', deadLetterId });
    expect(dropped.deadLetter).toMatchObject({ state: 3, reason: 'sent by a test' });
    expect(await database.db.collection('adminLog').countDocuments({ requestId: 'p-3' })).toBe(2);
  });
});
