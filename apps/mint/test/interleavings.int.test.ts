import type { LockingKey } from '@assay/shared/kernel/ids';
import { amount } from '@assay/shared/kernel/money';
import { testContext } from '@assay/testkit/context';
import { FakeClock } from '@assay/testkit/fake-clock';
import { testDatabase } from '@assay/testkit/mongo';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { mongoStores } from '../src/adapters/mongo/stores.ts';
import { randomQuoteIds } from '../src/adapters/random/quote-ids.ts';
import { unpaidQuote } from '../src/domain/bolt11-quote.ts';
import { paidBy } from '../src/domain/quote.ts';
import { unitSupplies } from '../src/domain/supply.ts';
import { projectOperations } from '../src/flows/project-operations.ts';
import { recount } from '../src/flows/recount.ts';
import { MINT_QUOTE_AMOUNT, MINT_QUOTES, ROUNDS, runInterleaved, turningKeys } from './interleavings.ts';
import { databaseMint, type Stores } from './melting-database.ts';
import { scriptedPayments } from './scripted-payments.ts';
import { WALLET_KEY } from './wallet-secrets.ts';

const RUNS = 12;
const TEST_MS = 300_000;
const CLOSED = { tell: () => undefined };

/** A locked quote of 8 sat, paid. */
async function paidSatQuote({ quotes, clock }: Stores, index: number): Promise<string> {
  const quote = randomQuoteIds(clock).next();
  const terms = { unit: 'sat', amount: amount(MINT_QUOTE_AMOUNT), pubkey: WALLET_KEY as LockingKey };
  const made = { quote, expiry: clock.now(), trace: undefined };
  const asked = { request: `own-${index}`, lookupId: `own-${index}` };
  const unpaid = unpaidQuote({ ...terms, description: undefined }, made, asked, clock.now());
  await quotes.insert(unpaid);
  await quotes.replace(paidBy(unpaid, { id: `paid-${index}`, amount: amount(MINT_QUOTE_AMOUNT) }, clock.now()));
  return quote;
}

async function run(rounds: Parameters<typeof runInterleaved>[1]): Promise<void> {
  const database = await testDatabase();
  const clock = new FakeClock();
  const context = testContext({ name: 'mint', clock });
  try {
    const [here, there] = [await mongoStores(context, database.db), await mongoStores(context, database.db)];
    const [backend, turned] = [scriptedPayments(), { level: 'NONE' as const, active: 0 }];
    const quotes: string[] = [];
    for (let index = 0; index < MINT_QUOTES; index += 1) quotes.push(await paidSatQuote(here, index));
    const instances = [here, there].map((stores) => databaseMint(stores, { backend, ...turningKeys(turned) }));
    await runInterleaved({ instances, backend, clock, quotes, turned }, rounds);
    while ((await projectOperations({ ...here, operations: here.unprojected })) > 0);
    for (const { minted, outstanding, fees, melted, surplus } of unitSupplies(await here.counters.read())) {
      expect(outstanding).toBe(minted - fees - melted - surplus);
    }
    const { keysets } = turningKeys(turned);
    const broken = await recount({ ...here, keysets, control: here.controlStore, notes: CLOSED });
    // The first proofs came from nowhere: of their keyset more is spent than was issued.
    expect(broken.filter(({ what }) => !/spent of \d+ issued/.test(what))).toEqual([]);
  } finally {
    await context.stop();
    await database.drop();
  }
}

it(
  'at two instances before one database, what goes on at once is explained by a mint that does one thing after the other',
  () => fc.assert(fc.asyncProperty(ROUNDS, run), { numRuns: RUNS }),
  TEST_MS,
);
