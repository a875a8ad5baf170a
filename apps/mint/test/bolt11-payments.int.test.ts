import { present } from '@assay/shared/kernel/assert';
import { unixMs } from '@assay/shared/kernel/clock';
import { amount } from '@assay/shared/kernel/money';
import { systemClock } from '@assay/shared/runtime/clock';
import { testContext } from '@assay/testkit/context';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectPayments } from '../src/adapters/payments/connect-payments.ts';
import { mongoStores } from '../src/adapters/mongo/stores.ts';
import { randomQuoteIds } from '../src/adapters/random/quote-ids.ts';
import type { Quote } from '../src/domain/quote.ts';
import { createBolt11Quote } from '../src/flows/create-bolt11-quote.ts';
import { creditIncoming, creditPayment } from '../src/flows/credit-payment.ts';
import { sweepPayments } from '../src/flows/sweep-payments.ts';
import type { Quotes } from '../src/ports.ts';
import type { PaymentBackend } from '../src/payment-ports.ts';
import { Crash, crashing, type Failpoints } from './failpoints.ts';
import { aKeyset, memoryKeysets } from './memory-keys.ts';
import { BOLT11_RULES } from './memory-mint.ts';
import { SAT_UNIT } from '../src/domain/unit.ts';

// Real storage and the fake Lightning in it; a second instance of everything is one more call of `open`.

const context = testContext({ name: 'mint' });
const keysets = memoryKeysets([aKeyset({ name: 'sat', unit: SAT_UNIT })]);
const TERMS = { unit: 'sat', amount: amount(28n), pubkey: undefined, description: undefined };
let database: TestDatabase;
let here: Instance;
let there: Instance;

beforeAll(async () => {
  database = await testDatabase();
  [here, there] = [await open(), await open()];
});
afterAll(async () => {
  await context.stop();
  await database.drop();
});

interface Instance {
  readonly quotes: Quotes;
  readonly credits: Parameters<typeof creditIncoming>[0];
  readonly backend: PaymentBackend;
}

async function open(): Promise<Instance> {
  const stores = await mongoStores(context, database.db);
  const options = { backend: 'fake', payDelayMs: 0, isProduction: false } as const;
  const backend = present(await connectPayments(context, database.db, options), 'backend');
  const credits = { quoteStore: stores.quotes, payable: stores.payable, clock: systemClock };
  return { quotes: stores.quotes, credits, backend };
}

function create({ quotes: quoteStore, backend }: Instance) {
  const fixed = {
    keysets,
    clock: systemClock,
    quoteIds: randomQuoteIds(systemClock),
    control: { level: () => 'NONE' as const },
  } as const;
  return createBolt11Quote({ ...fixed, quoteStore, bolt11: { backend, rules: BOLT11_RULES } }, TERMS);
}

async function created(at: Instance = here): Promise<Quote> {
  const answer = await create(at);
  return present(answer.ok ? answer.value : undefined, 'created quote');
}

async function paymentOf({ lookupId }: Quote) {
  return present((await here.backend.checkIncoming(lookupId ?? ''))[0], 'payment');
}

async function sweep({ credits, backend }: Instance): Promise<void> {
  let after: Parameters<typeof sweepPayments>[1];
  do after = (await sweepPayments({ ...credits, backend, ageMaxMs: 3_600_000 }, after)).next;
  while (after !== undefined);
}

const stateOf = async ({ naturalKey }: Quote) => present(await there.quotes.find(naturalKey), 'quote').state;

describe('a payment', () => {
  test('that a hundred at two instances see at once pays once', async () => {
    const quote = await created();
    const payment = await paymentOf(quote);
    const seen = Array.from({ length: 100 }, (_, at) => creditIncoming((at % 2 === 0 ? here : there).credits, payment));
    const outcomes = await Promise.all(seen);
    expect(outcomes.filter((outcome) => outcome === 'paid')).toHaveLength(1);
    expect(new Set(outcomes)).toEqual(new Set(['paid', 'repeated']));
    const paid = present(await here.quotes.find(quote.naturalKey), 'quote');
    expect(paid).toMatchObject({ state: 'PAID', amountPaid: 28n, version: 2, payments: [{ amount: 28n }] });
  });

  test('of one quote pays no other, and hinders none that is paid in the same group', async () => {
    const [one, other, third] = [await created(), await created(), await created()];
    const payment = { id: 'bolt11:shared', amount: amount(28n) };
    expect(await creditPayment(here.credits, one, payment)).toBe('paid');
    const [shared, own] = await Promise.allSettled([
      creditPayment(there.credits, other, payment),
      creditPayment(there.credits, third, { ...payment, id: 'bolt11:third' }),
    ]);
    expect([shared.status, own]).toEqual(['rejected', { status: 'fulfilled', value: 'paid' }]);
    expect([await stateOf(other), await stateOf(third)]).toEqual(['UNPAID', 'PAID']);
  });

  test('is told to have paid only if it did, also when two race for a quote in one group and in one millisecond', async () => {
    const [contested, ...others] = [await created(), await created(), await created()];
    const now = systemClock.now();
    const credits = { ...here.credits, clock: { now: () => now } };
    const pay = (quote: Quote, id: string) => creditPayment(credits, quote, { id, amount: amount(28n) });
    const [inside, outside] = await Promise.all([
      pay(contested, 'melt:contested'),
      pay(contested, 'bolt11:contested'),
      ...others.map((quote, at) => pay(quote, `bolt11:other-${at}`)),
    ]);
    expect(new Set([inside, outside])).toEqual(new Set(['paid', 'refused']));
    const [payment] = present(await there.quotes.find(contested.naturalKey), 'quote').payments;
    expect(payment?.id).toBe(inside === 'paid' ? 'melt:contested' : 'bolt11:contested');
  });

  test('is found by the other instance, page after page, when the one that made the quotes is gone', async () => {
    const quotes = await Promise.all(Array.from({ length: 250 }, () => created()));
    await sweep(there);
    expect(new Set(await Promise.all(quotes.map(stateOf)))).toEqual(new Set(['PAID']));
  });
});

describe('a process that ends', () => {
  /** Calls of the wrapped ports that a whole run makes. */
  const CALLS = { create: 2, credit: 3 } as const;
  const crashes = (calls: number) =>
    Array.from({ length: calls }, (_, at) => [[at + 1, 'before'] as const, [at + 1, 'after'] as const]).flat();

  test.each(crashes(CALLS.create))(
    'at call %i of making a quote (%s) leaves none, or one that can be paid',
    async (at, when) => {
      const points: Failpoints = { calls: 0, at, when };
      const mortal = { ...here, quotes: crashing(here.quotes, points), backend: crashing(here.backend, points) };
      await expect(create(mortal)).rejects.toThrow(Crash);
      expect(points.calls).toBe(at);
      const next = await created(there);
      await sweep(there);
      expect(await stateOf(next)).toBe('PAID');
      const unpaid = await there.credits.payable.listUnpaid({ createdFrom: unixMs(0), after: undefined, limit: 10 });
      expect(unpaid.quotes.filter(({ payments }) => payments.length > 0)).toEqual([]);
    },
  );

  test.each(crashes(CALLS.credit))(
    'at call %i of crediting (%s) leaves the quote paid once by the next',
    async (at, when) => {
      const quote = await created();
      const points: Failpoints = { calls: 0, at, when };
      const { quoteStore, payable } = here.credits;
      const mortal = { ...here.credits, quoteStore: crashing(quoteStore, points), payable: crashing(payable, points) };
      const backend = crashing(here.backend, points);
      const crediting = async () => {
        for (const payment of await backend.checkIncoming(quote.lookupId ?? '')) await creditIncoming(mortal, payment);
      };
      await expect(crediting()).rejects.toThrow(Crash);
      await sweep(there);
      expect(await there.quotes.find(quote.naturalKey)).toMatchObject({ state: 'PAID', amountPaid: 28n, version: 2 });
    },
  );
});
