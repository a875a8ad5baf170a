import { present } from '@assay/shared/kernel/assert';
import type { LockingKey } from '@assay/shared/kernel/ids';
import { amount } from '@assay/shared/kernel/money';
import { ok } from '@assay/shared/kernel/result';
import { type TestContext, testContext } from '@assay/testkit/context';
import { FakeClock } from '@assay/testkit/fake-clock';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mongoStores } from '../src/adapters/mongo/stores.ts';
import { SAT_UNIT } from '../src/domain/unit.ts';
import { createBolt11Quote } from '../src/flows/create-bolt11-quote.ts';
import { createMeltQuote } from '../src/flows/create-melt-quote.ts';
import { melt } from '../src/flows/melt.ts';
import { recoverMelts } from '../src/flows/recover-melts.ts';
import { dieEverywhere } from './dying-melts.ts';
import { turningKeys } from './interleavings.ts';
import { databaseMint, type DatabaseMint } from './melting-database.ts';
import { meltCommand, proofsIn } from './melting-mint.ts';
import { type ScriptedPayments, scriptedPayments } from './scripted-payments.ts';
import { WALLET_KEY } from './wallet-secrets.ts';

const QUIET_MS = 5_500;
const TEST_MS = 120_000;

let database: TestDatabase;
let context: TestContext;
let clock: FakeClock;
let backend: ScriptedPayments;
/** Dies, and is what of it was stored. */
let here: DatabaseMint;
let there: DatabaseMint;
let count = 0;

beforeEach(async () => {
  database = await testDatabase();
  clock = new FakeClock();
  context = testContext({ name: 'mint', clock });
  backend = scriptedPayments();
  const machinery = { backend, ...turningKeys({ level: 'NONE', active: 0 }) };
  here = databaseMint(await mongoStores(context, database.db), machinery);
  there = databaseMint(await mongoStores(context, database.db), machinery);
});

afterEach(async () => {
  await context.stop();
  await database.drop();
});

/** A melt of 9 sat with 16 given, of a new request. */
async function prepared(request = `lnbc${(count += 1)}`) {
  const name = `melt ${(count += 1)}`;
  const asked = { request, unit: SAT_UNIT, amount: undefined, partMsat: undefined, amountlessMsat: undefined };
  const quote = await createMeltQuote(there, 'bolt11', asked);
  if (!quote.ok) throw new Error(quote.error.detail);
  const satKeyset = present(
    here.keysets.all().find(({ active }) => active),
    'active keyset',
  );
  const inputs = await proofsIn(here.signatory, satKeyset, name, [16n]);
  const command = meltCommand({ satKeyset }, name, quote.value, { inputs });
  return { ports: here, command, request };
}

async function recovered(): Promise<void> {
  clock.advance(QUIET_MS);
  expect(await recoverMelts(there)).toBe(0);
}

async function historyOf(quoteId: string): Promise<readonly string[] | undefined> {
  return (await there.meltQuotes.find(quoteId))?.history.map(({ state }) => state);
}

const paidFor = (request: string) => backend.paid.filter((payment) => payment.request === request).length;

describe('an instance that dies before or after any of its writes and calls in a melt', { timeout: TEST_MS }, () => {
  it('leaves a melt that the other instance pays once', async () => {
    const calls = await dieEverywhere(prepared, async ({ command, request }, where) => {
      await recovered();
      const answer = await melt(there, command);
      expect([where, answer]).toMatchObject([
        where,
        { ok: true, value: { state: 'PAID', change: [{ amount: 2n }, { amount: 4n }] } },
      ]);
      expect([where, paidFor(request)]).toEqual([where, 1]);
      expect([where, await historyOf(command.quoteId)]).toEqual([where, ['UNPAID', 'PENDING', 'PAID']]);
    });
    expect(calls).toBeGreaterThan(8);
  });

  it('leaves a melt that fails free of everything, and the repeated request pays once', async () => {
    backend.ends = 'FAILED';
    await dieEverywhere(prepared, async ({ command, request }, where) => {
      await recovered();
      const stored = await there.melts.find(command.opId);
      expect([where, stored?.state ?? 'FAILED', paidFor(request)]).toEqual([where, 'FAILED', 0]);
      backend.ends = 'PAID';
      expect([where, await melt(there, command)]).toMatchObject([where, { value: { state: 'PAID' } }]);
      expect([where, paidFor(request)]).toEqual([where, 1]);
      backend.ends = 'FAILED';
    });
  });

  it('leaves a request of this mint paid by one payment', async () => {
    const quoteOutgoing = backend.quoteOutgoing;
    const calls = await dieEverywhere(
      async () => {
        const terms = { unit: 'sat', amount: amount(9n), pubkey: WALLET_KEY as LockingKey, description: undefined };
        const own = await createBolt11Quote(there, terms);
        if (!own.ok) throw new Error(own.error.detail);
        const lookupId = present(own.value.lookupId, 'lookup id');
        backend.quoteOutgoing = async () => ok({ amount: amount(9n), feeReserve: amount(2n), lookupId });
        return { ...(await prepared()), own: own.value };
      },
      async ({ command, own }, where) => {
        await recovered();
        expect([where, await melt(there, command)]).toMatchObject([where, { value: { state: 'PAID' } }]);
        const settled = await there.quoteStore.find(own.naturalKey);
        expect([where, settled]).toMatchObject([where, { state: 'PAID', amountPaid: 9n, payments: [{ amount: 9n }] }]);
        expect([where, backend.paid.length]).toEqual([where, 0]);
      },
    );
    backend.quoteOutgoing = quoteOutgoing;
    expect(calls).toBeGreaterThan(8);
  });
});
