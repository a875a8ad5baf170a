import { unixMs } from '@assay/shared/kernel/clock';
import { amount } from '@assay/shared/kernel/money';
import { systemClock } from '@assay/shared/runtime/clock';
import { metricsText } from '@assay/shared/runtime/metrics';
import { testContext } from '@assay/testkit/context';
import { FakeClock } from '@assay/testkit/fake-clock';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectPayments } from '../src/adapters/payments/connect-payments.ts';
import { type IncomingDocument, fakeLedger } from '../src/adapters/payments/fake-ledger.ts';
import { fakeLightning } from '../src/adapters/payments/fake-lightning.ts';
import type { PaymentBackend } from '../src/payment-ports.ts';
import { paymentsContract } from './payments-contract.ts';

let database: TestDatabase;
const context = testContext({ name: 'mint' });
const FAKE = { backend: 'fake', payDelayMs: 3_600_000, isProduction: false } as const;

beforeAll(async () => {
  database = await testDatabase();
});

afterAll(async () => {
  await context.stop();
  await database.drop();
});

async function opened(payDelayMs: number = FAKE.payDelayMs): Promise<PaymentBackend> {
  const backend = await connectPayments(context, database.db, { ...FAKE, payDelayMs });
  if (backend === undefined) throw new Error('there is no backend');
  return backend;
}

paymentsContract(async () => {
  await database.db.collection('fakeIncoming').deleteMany({});
  await database.db.collection('fakeOutgoing').deleteMany({});
  const incoming = database.db.collection<IncomingDocument>('fakeIncoming');
  const pay = async (lookupId: string) => {
    await incoming.updateOne({ lookupId }, { $set: { payAt: new Date(systemClock.now()) } });
  };
  return { backends: [await opened(), await opened()], pay };
});

test('the fake pays each request by itself, after the delay', async () => {
  const clock = new FakeClock();
  const fake = fakeLightning({ ledger: fakeLedger(database.db), clock, payDelayMs: 500 });
  const asked = { quoteKey: 'bolt11:by-itself', amount: amount(7n), description: undefined };
  const { lookupId } = await fake.createIncoming({ ...asked, expiry: unixMs(clock.now() + 1_000) });
  clock.advance(499);
  expect(await fake.checkIncoming(lookupId)).toEqual([]);
  clock.advance(1);
  expect(await fake.checkIncoming(lookupId)).toMatchObject([{ amount: 7n }]);
});

test('whoever scrapes is told that Lightning is fake', async () => {
  await opened();
  expect((await metricsText()).text).toMatch(/^assay_mint_fake_lightning 1$/m);
});

test('whoever reads the log is told at once and each minute that Lightning is fake', async () => {
  const [said, repeated]: [string[], [number, () => unknown][]] = [[], []];
  const log = { ...context.log, warn: (text: string) => void said.push(text) };
  const every: typeof context.every = (_, ms, run) => void repeated.push([ms, run]);
  await connectPayments({ ...context, log: log as typeof context.log, every }, database.db, FAKE);
  expect(said).toEqual([expect.stringMatching(/^FAKE LIGHTNING: /)]);
  for (const [ms, run] of repeated) {
    expect(ms).toBe(60_000);
    run();
  }
  expect(said).toHaveLength(2);
});

test('in production the fake does not start, and says why', async () => {
  await expect(connectPayments(context, database.db, { ...FAKE, isProduction: true })).rejects.toMatchObject({
    why: expect.stringContaining('NODE_ENV is production'),
  });
  expect(await connectPayments(context, database.db, { ...FAKE, backend: 'none' })).toBeUndefined();
});
