import { FundChanged } from '@assay/proto/gen/assay/mint/v1/events';
import type { OutboxEntry } from '@assay/shared/runtime/outbox';
import { traceIdOf } from '@assay/shared/runtime/telemetry';
import { later } from '@assay/shared/kernel/clock';
import { FakeClock } from '@assay/testkit/fake-clock';
import { type TestContext, testContext } from '@assay/testkit/context';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mongoStores } from '../src/adapters/mongo/stores.ts';
import { HASH_UNIT } from '../src/domain/unit.ts';
import { createFundedQuote, type FundedAnswer, type FundedQuotePorts } from '../src/flows/create-funded-quote.ts';
import { fundedQuote } from '../src/domain/funded-quote.ts';
import { sweepFunds } from '../src/flows/sweep-funds.ts';
import { Crash, crashing, type Failpoints } from './failpoints.ts';
import { aReward, fundedRules, putIn } from './memory-funds.ts';

const QUOTE_ID = '0198f1c0-7e8a-7c3d-8e9f-1a2b3c4d5e6f';

let database: TestDatabase;
let clock: FakeClock;
let contexts: [TestContext, TestContext];
let here: FundedQuotePorts;
let there: FundedQuotePorts;

beforeEach(async () => {
  database = await testDatabase();
  clock = new FakeClock();
  contexts = [testContext({ name: 'mint', clock }), testContext({ name: 'mint', clock })];
  const rules = fundedRules();
  const instance = async (context: TestContext) => ({ ...rules, ...(await mongoStores(context, database.db)) });
  [here, there] = await Promise.all([instance(contexts[0]), instance(contexts[1])]);
});

afterEach(async () => {
  for (const context of contexts) await context.stop();
  await database.drop();
});

const fund = () => here.funds.find(HASH_UNIT);
const made = (answer: FundedAnswer) => (answer.ok ? answer.value.state : answer.error);
const quotes = () => database.db.collection('quotes');

/** As a caller does who is told CONFLICT. */
async function untilDecided(ports: FundedQuotePorts, reference: string, value: bigint): Promise<FundedAnswer> {
  for (;;) {
    const answer = await createFundedQuote(ports, aReward(reference, value));
    if (answer.ok || answer.error !== 'CONFLICT') return answer;
  }
}

describe('at two instances', () => {
  test('a hundred requests for one reference are one quote, paid once', async () => {
    await putIn(here.funds, 'g', 1_000n);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => untilDecided(n % 2 === 0 ? here : there, 'r-1', 10n)),
    );
    expect(new Set(answers.map(made))).toEqual(new Set(['PAID']));
    expect(new Set(answers.map((answer) => answer.ok && answer.value.quote)).size).toBe(1);
    await sweepFunds(here);
    expect(await fund()).toMatchObject({ credited: 1_000n, paid: 10n, pending: [] });
    expect(await quotes().countDocuments()).toBe(1);
  });

  test('a hundred references against a fund for thirty never overdraw it', async () => {
    await putIn(here.funds, 'g', 300n);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => untilDecided(n % 2 === 0 ? here : there, `r-${n}`, 10n)),
    );
    const paid = answers.filter(({ ok }) => ok).length;
    expect(new Set(answers.map(made))).toEqual(new Set(['PAID', 'FUND_TOO_LOW']));
    expect(paid).toBe(30);
    expect(await fund()).toMatchObject({ credited: 300n, paid: 300n, pending: [] });
    expect(await quotes().countDocuments({ state: 'PAID', amountPaid: 10n })).toBe(30);
  });

  test('a hundred requests of other content for one reference leave the first one', async () => {
    await putIn(here.funds, 'g', 10_000n);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => untilDecided(n % 2 === 0 ? here : there, 'r-1', BigInt(n + 1))),
    );
    const [paid, ...others] = answers.map(made).sort();
    expect([paid, new Set(others)]).toEqual(['PAID', new Set(['REFERENCE_REUSED'])]);
    const stored = await here.quotes.find('reward:r-1');
    expect(await fund()).toMatchObject({ paid: stored?.amountPaid, pending: [] });
  });
});

describe('a crash while a funded quote is made', () => {
  test.each(['before', 'after'] as const)('%s any call leaves it to be made or swept, and paid once', async (when) => {
    await putIn(here.funds, 'g', 1_000n);
    let total = 0n;
    for (let at = 1, crashed = true; crashed; at += 1) {
      const request = aReward(`${when}-${at}`, 10n);
      crashed = await createUntilCrash(request, { calls: 0, at, when });
      // A reservation that no quote names is not touched while its quote may still come.
      await sweepFunds(there);
      expect(made(await createFundedQuote(there, request))).toBe('PAID');
      total += 10n;
      clock.advance(600_000);
      await sweepFunds(there);
      expect(await fund()).toMatchObject({ credited: 1_000n, paid: total, pending: [] });
    }
    expect(total).toBeGreaterThanOrEqual(50n);
    expect(await quotes().countDocuments({ state: 'PAID', amountPaid: 10n })).toBe(Number(total / 10n));
  });

  test('before its quote is stored keeps the reservation for ten minutes, then frees it', async () => {
    await putIn(here.funds, 'g', 10n);
    await createUntilCrash(aReward('r-1', 10n), { calls: 0, at: 4, when: 'before' });
    clock.advance(599_999);
    await sweepFunds(there);
    expect(await fund()).toMatchObject({ paid: 0n, pending: [{ key: 'reward:r-1' }] });
    expect(made(await createFundedQuote(there, aReward('r-2', 10n)))).toBe('FUND_TOO_LOW');
    clock.advance(1);
    await sweepFunds(there);
    expect(await fund()).toMatchObject({ paid: 0n, pending: [] });
    expect(made(await createFundedQuote(there, aReward('r-2', 10n)))).toBe('PAID');
  });

  test('while sweepers of two instances run, pays once', async () => {
    await putIn(here.funds, 'g', 1_000n);
    let isCreating = true;
    const sweepers = [here, there].map(async (ports) => {
      while (isCreating) await sweepFunds(ports);
    });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => untilDecided(n % 2 === 0 ? here : there, `r-${n}`, 10n)),
    );
    isCreating = false;
    await Promise.all(sweepers);
    await sweepFunds(here);
    expect(answers.every(({ ok }) => ok)).toBe(true);
    expect(await fund()).toMatchObject({ paid: 400n, pending: [] });
  });
});

async function createUntilCrash(request: ReturnType<typeof aReward>, points: Failpoints): Promise<boolean> {
  const { funds, quotes, fundedQuotes } = here;
  const ports = {
    ...here,
    funds: crashing(funds, points),
    quotes: crashing(quotes, points),
    fundedQuotes: crashing(fundedQuotes, points),
  };
  try {
    await createFundedQuote(ports, request);
    return false;
  } catch (error) {
    if (error instanceof Crash) return true;
    throw error;
  }
}

test('a quote whose deadline has passed by the clock of the database is never stored; in time it is, once, with its event', async () => {
  const quote = fundedQuote(aReward('r-1', 7n), { quote: QUOTE_ID, now: clock.now(), trace: undefined, token: 't-1' });
  const other = { ...quote, quote: `${QUOTE_ID.slice(0, -1)}1`, fundToken: 't-2' };
  expect(await here.fundedQuotes.insertBefore(quote, await here.fundedQuotes.storeTime())).toBe('late');
  expect(await quotes().countDocuments()).toBe(0);
  const deadline = later(await here.fundedQuotes.storeTime(), 600_000);
  expect(await here.fundedQuotes.insertBefore(quote, deadline)).toBe('inserted');
  expect(await there.fundedQuotes.insertBefore(other, deadline)).toBe('exists');
  expect(await there.fundedQuotes.insertBefore(other, await there.fundedQuotes.storeTime())).toBe('exists');
  expect(await here.quotes.find('reward:r-1')).toEqual(quote);
  const [stored] = await quotes().find().toArray();
  expect(stored).toMatchObject({ version: 1, outbox: [{ event: 'mint.quote.created', id: 'quote:reward:r-1:1' }] });
});

test('each change of a fund is told once, in versions without repeats', async () => {
  await putIn(here.funds, 'g', 100n);
  await Promise.all(Array.from({ length: 10 }, (_, n) => untilDecided(n % 2 === 0 ? here : there, `r-${n}`, 10n)));
  const [document] = await database.db.collection('funds').find().toArray();
  const ids = (document?.['outbox'] as { id: string; event: string }[]).map(({ id }) => id);
  expect(ids).toHaveLength(11);
  expect(new Set(ids).size).toBe(11);
  expect(ids[0]).toBe('fund:HASH:1');
});

test('a payment is told in the trace of the quote that it pays, also when payments are stored together', async () => {
  await putIn(here.funds, 'g', 100n);
  await Promise.all(Array.from({ length: 10 }, (_, n) => untilDecided(here, `r-${n}`, 10n)));
  const [document] = await database.db.collection('funds').find().toArray();
  const [, ...payments] = document?.['outbox'] as OutboxEntry[];
  const told = payments.map(({ body, trace }) => [FundChanged.decode(body).id, traceIdOf(trace)] as const);
  const paid = (await quotes().find().toArray()).map(({ _id, trace }) => [String(_id), traceIdOf(trace)] as const);
  expect(new Map(told)).toEqual(new Map(paid));
  expect(new Set(paid.map(([, traceId]) => traceId)).size).toBe(10);
});
