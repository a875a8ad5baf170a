import { QuoteChanged } from '@assay/proto/gen/assay/mint/v1/events';
import { present } from '@assay/shared/kernel/assert';
import { unixMs, type UnixMs } from '@assay/shared/kernel/clock';
import { amount } from '@assay/shared/kernel/money';
import { FakeClock } from '@assay/testkit/fake-clock';
import { type TestContext, testContext } from '@assay/testkit/context';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { QuoteDocument } from '../src/adapters/mongo/quote-document.ts';
import { mongoStores } from '../src/adapters/mongo/stores.ts';
import type { Operation } from '../src/domain/operation.ts';
import { ehashKey, issued, pendingQuote, settled } from '../src/domain/quote.ts';
import { EMPTY_SUPPLY, unitSupplies, withOperations } from '../src/domain/supply.ts';
import { catchUpQuote } from '../src/flows/catch-up-quote.ts';
import { createQuote } from '../src/flows/create-quote.ts';
import { getSupply, storeSupplyCut } from '../src/flows/get-supply.ts';
import { projectOperations, type ProjectPorts } from '../src/flows/project-operations.ts';
import { settleQuote } from '../src/flows/settle-quote.ts';
import { aMint, aSwap } from './committed-operations.ts';
import { Crash, crashing, type Failpoints } from './failpoints.ts';
import { AUDITOR_KEYS, aVerdict, BATCH, POOLS, TERMS } from './signed-facts.ts';

let database: TestDatabase;
let context: TestContext;
let clock: FakeClock;
let stores: Awaited<ReturnType<typeof mongoStores>>;
let ports: ProjectPorts;

beforeEach(async () => {
  database = await testDatabase();
  clock = new FakeClock();
  context = testContext({ name: 'mint', clock });
  stores = await mongoStores(context, database.db);
  ports = { ...stores, operations: stores.unprojected };
});

afterEach(async () => {
  await context.stop();
  await database.drop();
});

async function paidQuote(batchId: string, credited: bigint): Promise<string> {
  const pending = pendingQuote(
    { ...TERMS, batchId, creditSum: credited },
    { quote: `00000000-0000-7000-8000-${batchId.padStart(12, '0')}`, now: clock.now(), trace: undefined },
  );
  await stores.quotes.insert(pending);
  const verdict = aVerdict({ batchId, credited, declared: credited, decidedAt: unixMs(Number(batchId)) });
  await stores.quotes.replace(settled(pending, verdict, clock.now()));
  return pending.naturalKey;
}

async function commit(operation: Operation): Promise<Operation> {
  expect(await stores.operations.commit(operation)).toBe('committed');
  return operation;
}

async function commitSome(quotes: readonly string[], at: UnixMs): Promise<Operation[]> {
  const committed: Operation[] = [];
  for (const naturalKey of quotes) {
    committed.push(await commit(aMint({ naturalKey, step: 0, at }, [1n, 2n])));
    committed.push(await commit(aMint({ naturalKey, step: 1, at }, [1n, 4n])));
    committed.push(await commit(aSwap(at, [2n, 4n], [4n, 1n])));
  }
  return committed;
}

async function projectAll(projecting: ProjectPorts): Promise<void> {
  while ((await projectOperations(projecting)) > 0);
}

async function expectCounted(operations: readonly Operation[]): Promise<void> {
  expect(await stores.counters.read()).toEqual(withOperations(EMPTY_SUPPLY, operations));
  expect(await stores.unprojected.list(10)).toEqual([]);
}

test('of a quote that was minted in any number of steps the newest operations are told', async () => {
  const naturalKey = await paidQuote('1', 20n);
  const newest = [449_998, 449_999].map((step) => aMint({ naturalKey, step, at: clock.now() }, [1n]));
  const oldest = aMint({ naturalKey, step: 0, at: clock.now() }, [2n]);
  for (const operation of [...newest, oldest]) await commit(operation);
  const told = await stores.steps.operationsOf(naturalKey, 450_000);
  expect([...told].sort()).toEqual(newest.map(({ opId }) => opId).sort());
});

describe('the projector', () => {
  test('counts what was minted and swapped, in quotes and in the supply', async () => {
    const quotes = [await paidQuote('1', 8n), await paidQuote('2', 9n)];
    const operations = await commitSome(quotes, clock.now());
    await projectAll(ports);
    await expectCounted(operations);
    expect(await stores.quotes.find(ehashKey('pool-1', '1'))).toMatchObject({
      state: 'ISSUED',
      amountIssued: 8n,
      issueCount: 2,
    });
    expect(await stores.quotes.find(ehashKey('pool-1', '2'))).toMatchObject({
      state: 'PAID',
      amountIssued: 8n,
      issueCount: 2,
    });
    expect(unitSupplies(await stores.counters.read())).toEqual([
      { unit: 'hash', minted: 16n, fees: 2n, outstanding: 14n, melted: 0n, redeemed: 0n, surplus: 0n },
    ]);
    const events = await database.db.collection('quotes').distinct('outbox.event');
    expect(events).toContain('mint.quote.issued');
  });

  test('shows a supply that adds up while a chunk is half counted', async () => {
    const committed = await commitSome([await paidQuote('1', 20n)], clock.now());
    await projectAll(ports);
    committed.push(await commit(aSwap(clock.now(), [4n, 1n], [4n])));
    const opIds = (await stores.unprojected.list(10)).map(({ opId }) => opId);
    const last = await stores.counters.lastChunk();
    expect(await stores.counters.openChunk(last, opIds)).toBe(true);
    const { keysets } = withOperations(EMPTY_SUPPLY, committed.slice(-1));
    await stores.counters.addChunk({ number: last.number + 1, opIds, isOpen: true }, { keysets, methods: new Map() });
    expect(await stores.counters.read()).toEqual(withOperations(EMPTY_SUPPLY, committed));
    await projectAll(ports);
    await expectCounted(committed);
  });

  test('counts every operation once, wherever it crashes', async () => {
    const operations: Operation[] = [];
    for (let at = 1, crashed = true; crashed; at += 1) {
      for (const when of ['before', 'after'] as const) {
        const quote = await paidQuote(String(2 * at + (when === 'after' ? 1 : 0)), 8n);
        operations.push(...(await commitSome([quote], clock.now())));
        const points: Failpoints = { calls: 0, at, when };
        crashed = await projectUntilCrash(points);
        await projectAll(ports);
        await expectCounted(operations);
        expect(await stores.quotes.find(quote)).toMatchObject({
          state: 'ISSUED',
          amountIssued: 8n,
          issueCount: 2,
          version: 3,
        });
      }
    }
    expect(operations.length).toBeGreaterThan(60);
  });

  test('counts every operation once when several instances project at the same time', async () => {
    const quotes = await Promise.all(Array.from({ length: 40 }, (_, n) => paidQuote(String(n + 1), 8n)));
    let isCommitting = true;
    const instance = async () => {
      while ((await projectOperations(ports)) > 0 || isCommitting);
    };
    const instances = Array.from({ length: 5 }, instance);
    const operations = (await Promise.all(quotes.map((quote) => commitSome([quote], clock.now())))).flat();
    isCommitting = false;
    await Promise.all(instances);
    await projectAll(ports);
    await expectCounted(operations);
    for (const quote of quotes)
      expect(await stores.quotes.find(quote)).toMatchObject({ state: 'ISSUED', issueCount: 2 });
  });

  test('counts a quote of more steps than an outbox takes in one change, and tells its newest amounts', async () => {
    const quote = await paidQuote('1', 1_100n);
    const mint = (step: number, value: bigint) => commit(aMint({ naturalKey: quote, step, at: clock.now() }, [value]));
    const operations = await Promise.all(Array.from({ length: 1_050 }, (_, step) => mint(step, 1n)));
    await projectAll(ports);
    expect(await stores.quotes.find(quote)).toMatchObject({ amountIssued: 1_050n, issueCount: 1_050, version: 3 });
    for (const value of [20n, 30n]) {
      operations.push(await mint(operations.length, value));
      await projectAll(ports);
    }
    await expectCounted(operations);
    expect(await waitingFacts(quote)).toEqual([
      ['mint.quote.created', 0n],
      ['mint.quote.paid', 0n],
      ['mint.quote.issued', 1_100n],
    ]);
  });

  test('tells one of those who count the same step in one millisecond that it was the one', async () => {
    const quotes = await Promise.all(['1', '2', '3'].map((batchId) => paidQuote(batchId, 8n)));
    const next = quotes.map(async (key) =>
      issued(present(await stores.quotes.find(key), key), amount(8n), clock.now()),
    );
    const [contested, ...others] = await Promise.all(next);
    const asked = [contested, contested, ...others].map((each) => stores.quotes.replace(present(each, 'quote')));
    const counted = await Promise.all(asked);
    expect(counted.slice(0, 2).toSorted()).toEqual([false, true]);
    expect(counted.slice(2)).toEqual([true, true]);
  });

  test('and whoever meets a stale quote count the same step once', async () => {
    const quote = await paidQuote('1', 8n);
    await commitSome([quote], clock.now());
    const counted = await Promise.all(Array.from({ length: 8 }, () => catchUpQuote(stores, quote)));
    for (const each of counted) expect(each).toMatchObject({ state: 'ISSUED', amountIssued: 8n });
    expect(await stores.quotes.find(quote)).toMatchObject({ version: 3, issueCount: 2 });
  });
});

/** What nobody has published yet, with the amount issued that it tells. */
async function waitingFacts(naturalKey: string): Promise<[string, bigint][]> {
  const document = await database.db.collection<QuoteDocument>('quotes').findOne({ _id: naturalKey });
  return (document?.outbox ?? []).map(({ event, body }) => [event, QuoteChanged.decode(body).amountIssued]);
}

async function projectUntilCrash(points: Failpoints): Promise<boolean> {
  const { quotes, steps, operations, counters, funds } = ports;
  const wrapped = {
    clock,
    quotes: crashing(quotes, points),
    steps: crashing(steps, points),
    operations: crashing(operations, points),
    counters: crashing(counters, points),
    funds: crashing(funds, points),
  };
  try {
    await projectAll(wrapped);
    return false;
  } catch (error) {
    if (error instanceof Crash) return true;
    throw error;
  }
}

describe('the supply at a cut', () => {
  test('is the sum of the operations before it, whatever hourly cuts lie between', async () => {
    const hours: Operation[][] = [];
    for (let hour = 0; hour < 3; hour += 1) {
      hours.push(await commitSome([await paidQuote(String(hour + 1), 8n)], clock.now()));
      await projectAll(ports);
      clock.advance(3_600_000);
      await storeSupplyCut(stores);
    }
    expect(await database.db.collection('supplyCuts').countDocuments()).toBe(3);
    for (let hour = 0; hour < 3; hour += 1) {
      const after = unixMs((hours[hour]?.[0]?.committedAt ?? 0) + 1);
      const supply = await getSupply(stores, after);
      expect(supply).toEqual({ ok: true, value: withOperations(EMPTY_SUPPLY, hours.slice(0, hour + 1).flat()) });
    }
    expect(await getSupply(stores, undefined)).toEqual({ ok: true, value: withOperations(EMPTY_SUPPLY, hours.flat()) });
  });

  test('is stored with what an instance commits whose clock is minutes behind', async () => {
    const hour = unixMs(clock.now() - (clock.now() % 3_600_000) + 3_600_000);
    const early = await commit(aSwap(clock.now(), [2n], [2n]));
    clock.set(unixMs(hour + 300_000));
    await storeSupplyCut(stores);
    const other = testContext({ name: 'mint', clock: new FakeClock(unixMs(hour - 1)) });
    const behind = await mongoStores(other, database.db);
    const late = aSwap(unixMs(hour - 1), [4n], [4n]);
    await behind.operations.commit(late);
    await other.stop();
    clock.set(unixMs(hour + 600_000));
    await storeSupplyCut(stores);
    const supply = { ok: true, value: withOperations(EMPTY_SUPPLY, [early, late]) };
    expect(await getSupply(stores, hour)).toEqual(supply);
    expect(await stores.history.cutBefore(hour)).toEqual({ at: hour, supply: supply.value });
  });

  test('is refused while operations may still join it', async () => {
    expect(await getSupply(stores, unixMs(clock.now() - 59_999))).toEqual({ ok: false, error: 'CUT_NOT_FINAL' });
    expect((await getSupply(stores, unixMs(clock.now() - 60_000))).ok).toBe(true);
  });
});

describe('a crash around a commit', () => {
  const create = {
    quoteIds: { next: () => '0198f1c0-7e8a-7c3d-8e9f-1a2b3c4d5e6f' },
    earlyVerdicts: { comeNow: async () => undefined },
    pools: POOLS,
  };

  test.each([
    ['before', 'created'],
    ['after', 'repeated'],
  ] as const)('of a quote, %s it: the repeat is %s', async (when, is) => {
    const quotes = crashing(stores.quotes, { calls: 0, at: 1, when });
    await expect(createQuote({ ...create, quotes, clock }, BATCH)).rejects.toThrow(Crash);
    expect(await createQuote({ ...create, ...stores }, BATCH)).toEqual({ is });
    expect(await stores.quotes.find(ehashKey('pool-1', 'b-0001'))).toMatchObject({ state: 'PENDING', version: 1 });
  });

  test.each([
    ['before', 'settled'],
    ['after', 'repeated'],
  ] as const)('of a settlement, %s it: the repeat is %s', async (when, is) => {
    await createQuote({ ...create, ...stores }, BATCH);
    const settle = { clock, auditorKeys: AUDITOR_KEYS };
    const quotes = crashing(stores.quotes, { calls: 0, at: 2, when });
    await expect(settleQuote({ ...settle, quotes }, aVerdict())).rejects.toThrow(Crash);
    expect(await settleQuote({ ...settle, quotes: stores.quotes }, aVerdict())).toEqual({ is });
    const paid = await stores.quotes.find(ehashKey('pool-1', 'b-0001'));
    expect(paid).toMatchObject({ state: 'PAID', amountPaid: 28n, version: 2 });
  });
});
