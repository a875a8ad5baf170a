import { type TestContext, testContext } from '@assay/testkit/context';
import { FakeClock } from '@assay/testkit/fake-clock';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mongoStores } from '../src/adapters/mongo/stores.ts';
import type { Operation } from '../src/domain/operation.ts';
import { ehashKey, pendingQuote, settled } from '../src/domain/quote.ts';
import { storeSupplyCut } from '../src/flows/get-supply.ts';
import { projectOperations } from '../src/flows/project-operations.ts';
import { recount, type RecountPorts } from '../src/flows/recount.ts';
import { newWalk } from '../src/flows/walk-through.ts';
import { aMint, aSwap, KEYSET } from './committed-operations.ts';
import { memoryKeysets } from './memory-keys.ts';
import { aVerdict, TERMS } from './signed-facts.ts';

const QUOTE = ehashKey('pool-1', 'b-0001');
const HOUR_MS = 3_600_000;

let database: TestDatabase;
let context: TestContext;
let clock: FakeClock;
let stores: Awaited<ReturnType<typeof mongoStores>>;
let ports: RecountPorts;
let old: Operation;

beforeEach(async () => {
  database = await testDatabase();
  clock = new FakeClock();
  context = testContext({ name: 'mint', clock });
  stores = await mongoStores(context, database.db);
  const notes = { tell: () => undefined };
  ports = { ...stores, control: stores.controlStore, notes, keysets: memoryKeysets([KEYSET]) };
  await mintAndSwapOverHours();
});

afterEach(async () => {
  await context.stop();
  await database.drop();
});

const operations = () => database.db.collection<{ _id: string }>('operations');

/** A mint and a swap before the newest cut, a swap after it that is counted, and one that is not. */
async function mintAndSwapOverHours(): Promise<void> {
  const at = clock.now();
  const pending = pendingQuote(TERMS, { quote: '0198f1c0-7e8a-7c3d-8e9f-1a2b3c4d5e6f', now: at, trace: undefined });
  await stores.quotes.insert(pending);
  await stores.quotes.replace(settled(pending, aVerdict(), at));
  await stores.operations.commit(aMint({ naturalKey: QUOTE, step: 0, at }, [16n, 8n, 4n]));
  old = aSwap(at, [16n], [8n, 4n]);
  await stores.operations.commit(old);
  await project();
  clock.advance(2 * HOUR_MS);
  await storeSupplyCut(stores);
  await stores.operations.commit(aSwap(clock.now(), [8n], [8n]));
  await project();
  await stores.operations.commit(aSwap(clock.now(), [4n], [4n]));
}

async function project(): Promise<void> {
  while ((await projectOperations({ ...stores, operations: stores.unprojected })) > 0);
}

describe('a recount from the newest cut', () => {
  test('finds nothing in what the mint wrote, before and after the cut', async () => {
    expect(await stores.history.cutBefore(clock.now())).toBeDefined();
    expect(await recount(ports)).toEqual([]);
    await project();
    expect(await recount(ports)).toEqual([]);
  });

  test('finds an operation before the cut that is gone, although all sums begin at the cut', async () => {
    await operations().deleteOne({ _id: old.opId });
    expect(await recount(ports, newWalk(), 0)).toEqual([]);
    expect((await recount(ports)).map(({ invariant, scope }) => [invariant, scope])).toEqual([
      ['M6', KEYSET.id],
      ['M6', 'hash:swap'],
    ]);
  });

  test('finds a cut that was changed', async () => {
    const cuts = database.db.collection('supplyCuts');
    await cuts.updateOne({}, { $inc: { 'scopes.0.issuedSum': 1n } });
    expect((await recount(ports, newWalk(), 0)).map(({ invariant }) => invariant)).toContain('M6');
    expect(await stores.controlStore.read()).toMatchObject({ level: 'ALL', by: 'recount' });
  });

  test('reads a quote that was minted in more steps than one question can name', async () => {
    await database.db
      .collection<{ _id: string }>('quotes')
      .updateOne({ _id: QUOTE }, { $set: { issueCount: 450_000 } });
    expect(await recount(ports)).toContainEqual({
      ...{ invariant: 'M5', scope: QUOTE, what: '1 of 450000 steps found' },
    });
  });

  test('walks on where it stopped, and what it found stands until a whole walk does not find it', async () => {
    const walk = newWalk();
    await operations().updateOne({ _id: old.opId }, { $set: { fee: 5n } });
    const found: string[][] = [];
    for (let call = 0; call < 8; call += 1) {
      const broken = await recount(ports, walk, Number.MIN_VALUE);
      found.push([...new Set(broken.map(({ invariant }) => invariant))].sort());
    }
    expect(found[0]).toEqual([]);
    const first = found.findIndex((invariants) => invariants.includes('M4'));
    expect(first).toBeGreaterThan(0);
    for (const invariants of found.slice(first)) expect(invariants).toContain('M4');
    await operations().updateOne({ _id: old.opId }, { $set: { fee: 4n } });
    await recount(ports, walk);
    expect(await recount(ports, walk)).toEqual([]);
  });
});
