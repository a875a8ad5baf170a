import { testContext } from '@assay/testkit/context';
import { testDatabase } from '@assay/testkit/mongo';
import { expect, test } from 'vitest';
import { mongoStores } from '../src/adapters/mongo/stores.ts';
import { startProjector } from '../src/adapters/timers/projector.ts';
import { pendingQuote, settled } from '../src/domain/quote.ts';
import { issueTokens } from '../src/flows/issue-tokens.ts';
import { recount } from '../src/flows/recount.ts';
import { swap } from '../src/flows/swap.ts';
import { KEYSET } from './committed-operations.ts';
import { memoryKeysets, memorySignatory } from './memory-keys.ts';
import { AT_ONCE } from './memory-mint.ts';
import { blinds, mintRequest, opId, proofsOf, swapRequest } from './requests.ts';
import { aVerdict, TERMS } from './signed-facts.ts';
import { WALLET_KEY } from './wallet-secrets.ts';

const QUOTES = 3;
const MINTS_OF_EACH = 28;
const keysets = memoryKeysets([KEYSET]);

/** What a mint wires for wallets, before a real database. */
async function anInstance(database: Awaited<ReturnType<typeof testDatabase>>) {
  const context = testContext({ name: 'mint' });
  const stores = await mongoStores(context, database.db);
  return {
    ...stores,
    context,
    quotes: stores.reader,
    stored: stores.quotes,
    keysets,
    signatory: memorySignatory(keysets),
    control: { level: () => 'NONE' as const },
    projection: startProjector(context, { ...stores, operations: stores.unprojected }),
    ...{ limits: { inputs: 1_000, outputs: 1_000 }, batchMax: 100, turns: AT_ONCE },
  };
}

type Instance = Awaited<ReturnType<typeof anInstance>>;

async function paidQuote({ stored, clock }: Instance, index: number): Promise<string> {
  const quote = `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`;
  const terms = { ...TERMS, batchId: `b-${index}`, lockingKey: WALLET_KEY };
  const pending = pendingQuote(terms, { quote, now: clock.now(), trace: undefined });
  await stored.insert(pending);
  const verdict = aVerdict({ batchId: terms.batchId, excluded: [{ index, code: 'x' }] });
  await stored.replace(settled(pending, verdict, clock.now()));
  return quote;
}

/** Mints one unit and swaps it at once. True when both were done. */
async function mintAndSwap(instance: Instance, quoteId: string, name: string): Promise<boolean> {
  const minted = await issueTokens(instance, mintRequest(name, [1n], KEYSET, { quoteId }));
  if (!minted.ok) return false;
  const proofs = proofsOf(blinds(name, [1n], KEYSET), minted.value, KEYSET);
  const swapped = await swap(instance, opId(`swap ${name}`), swapRequest(`swap ${name}`, proofs, [1n], KEYSET));
  return swapped.ok;
}

test('the recount finds nothing while two instances mint and swap as fast as they can', async () => {
  const database = await testDatabase();
  const instances = [await anInstance(database), await anInstance(database)] as const;
  const [here] = instances;
  const quotes = await Promise.all(Array.from({ length: QUOTES }, (_, index) => paidQuote(here, index + 1)));
  let isLoaded = true;
  const load = Promise.all(
    quotes.flatMap((quoteId, at) =>
      instances.map(async (instance, side) => {
        let done = 0;
        for (let n = 0; n < MINTS_OF_EACH; n += 1) {
          if (await mintAndSwap(instance, quoteId, `${at}/${side}/${n}`)) done += 1;
        }
        return done;
      }),
    ),
  ).finally(() => (isLoaded = false));

  const notes = { tell: () => undefined };
  let recounts = 0;
  while (isLoaded) {
    expect(await recount({ ...here, control: here.controlStore, notes })).toEqual([]);
    recounts += 1;
  }
  const done = (await load).reduce((total, each) => total + each, 0);
  expect(done).toBe(QUOTES * MINTS_OF_EACH);
  expect(recounts).toBeGreaterThan(3);
  expect(await here.controlStore.read()).toMatchObject({ level: 'NONE', version: 1 });
  for (const { context } of instances) await context.stop();
  await database.drop();
}, 60_000);
