import { unixMs } from '@assay/shared/kernel/clock';
import { type TestContext, testContext } from '@assay/testkit/context';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import type { Document } from 'mongodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mongoStores } from '../src/adapters/mongo/stores.ts';
import { ehashKey, pendingQuote, settled } from '../src/domain/quote.ts';
import type { Invariant } from '../src/domain/invariants.ts';
import { TURNOVER } from '../src/domain/turnover.ts';
import { projectOperations } from '../src/flows/project-operations.ts';
import { recount, type RecountPorts } from '../src/flows/recount.ts';
import { aMint, aSwap, KEYSET } from './committed-operations.ts';
import { aKeyset, memoryKeysets } from './memory-keys.ts';
import { aVerdict, TERMS } from './signed-facts.ts';

let database: TestDatabase;
let context: TestContext;
let stores: Awaited<ReturnType<typeof mongoStores>>;
let ports: RecountPorts;
const QUOTE = ehashKey('pool-1', 'b-0001');

beforeEach(async () => {
  database = await testDatabase();
  context = testContext({ name: 'mint' });
  stores = await mongoStores(context, database.db);
  const notes = { tell: () => undefined };
  ports = { ...stores, control: stores.controlStore, notes, keysets: memoryKeysets([KEYSET]) };
  await issueSome();
});

afterEach(async () => {
  await context.stop();
  await database.drop();
});

/** A quote of 28 with 8 issued in two steps, one not yet counted, and a swap. */
async function issueSome(): Promise<void> {
  const at = context.clock.now();
  const pending = pendingQuote(TERMS, { quote: '0198f1c0-7e8a-7c3d-8e9f-1a2b3c4d5e6f', now: at, trace: undefined });
  await stores.quotes.insert(pending);
  await stores.quotes.replace(settled(pending, aVerdict({ credited: 20n }), at));
  await stores.operations.commit(aMint({ naturalKey: QUOTE, step: 0, at }, [1n, 2n]));
  await stores.operations.commit(aSwap(at, [1n, 2n], [2n]));
  while ((await projectOperations({ ...stores, operations: stores.unprojected })) > 0);
  await stores.operations.commit(aMint({ naturalKey: QUOTE, step: 1, at }, [1n, 4n]));
}

const levelNow = async () => (await stores.controlStore.read()).level;
const quotes = () => database.db.collection<Document>('quotes');
const operations = () => database.db.collection<Document>('operations');
const unchecked = { bypassDocumentValidation: true };

describe('the recount', () => {
  test('finds nothing in what the mint wrote, counted and not yet counted', async () => {
    expect(await recount(ports)).toEqual([]);
    expect(await levelNow()).toBe('NONE');
  });

  test('finds nothing while operations are being counted', async () => {
    let isCommitting = true;
    const counting = (async () => {
      while ((await projectOperations({ ...stores, operations: stores.unprojected })) > 0 || isCommitting);
    })();
    for (let n = 0; n < 12; n += 1) {
      await stores.operations.commit(aSwap(context.clock.now(), [1n], [1n]));
      expect(await recount(ports)).toEqual([]);
    }
    isCommitting = false;
    await counting;
  });

  test('of keysets that are not known at the moment is left for later', async () => {
    await quotes().updateOne({}, { $set: { amountIssued: 9n } });
    const keysets = { ...ports.keysets, isFresh: () => false };
    expect(await recount({ ...ports, keysets })).toEqual([]);
    expect(await levelNow()).toBe('NONE');
  });

  test('gives the word of a rotation time to arrive before it calls a keyset unknown', async () => {
    const rotated = aKeyset({ name: 'rotated' });
    const swap = aSwap(context.clock.now(), [1n], [1n]);
    await stores.operations.commit({
      ...swap,
      outputs: swap.outputs.map((output) => ({ ...output, keyset: rotated.id })),
    });
    expect(await recount(ports)).toEqual([]);
    const later = { now: () => unixMs(context.clock.now() + 120_000) };
    expect(await recount({ ...ports, clock: later })).toMatchObject([{ invariant: 'M8', scope: swap.opId }]);
  });

  const tampered: [string, Invariant, () => Promise<unknown>][] = [
    ['a quote that was paid more', 'M2', () => quotes().updateOne({}, { $set: { amountPaid: 21n } })],
    ['a quote that was paid more than asked for', 'M1', () => quotes().updateOne({}, { $set: { amountPaid: 29n } })],
    ['a quote that forgot what it issued', 'M5', () => quotes().updateOne({}, { $set: { amountIssued: 0n } })],
    ['a quote paid without a verdict', 'M2', () => quotes().updateOne({}, { $unset: { verdict: '' } })],
    ['a verdict of another batch', 'M2', () => quotes().updateOne({}, { $set: { 'verdict.batchHash': 'ab' } })],
    ['a state that nothing led to', 'M9', () => quotes().updateOne({}, { $set: { state: 'FAILED' } })],
    ['a quote that is gone', 'M5', () => quotes().deleteOne({})],
    ['an operation that is gone', 'M5', () => operations().deleteOne({ kind: 'MINT', projected: true })],
    ['a swap that is gone', 'M6', () => operations().deleteOne({ kind: 'SWAP' })],
    ['a larger output', 'M4', () => operations().updateOne({ kind: 'SWAP' }, { $set: { 'outputs.0.amount': 4n } })],
    ['a larger mint', 'M5', () => operations().updateOne({ kind: 'MINT' }, { $set: { 'outputs.0.amount': 2n } })],
    [
      'a spent input outside its index',
      'M3',
      () => operations().updateOne({ kind: 'SWAP' }, { $set: { hasInputs: false } }),
    ],
    ['an index that is gone', 'M3', () => operations().dropIndex('inputsY_unique')],
    ['the index by which a request is paid once, gone', 'M3', () => operations().dropIndex('paymentKey_unique')],
    ['a keyset that nobody knows', 'M8', () => operations().updateOne({}, { $set: { 'outputs.0.keyset': '01' } })],
    [
      'a counter that was turned',
      'M6',
      () => database.db.collection('supply').updateOne({ kind: 'keyset' }, { $inc: { issuedSum: 1n } }),
    ],
    ['a negative amount', 'M1', () => quotes().updateOne({}, { $set: { amountIssued: -1n } }, unchecked)],
  ];
  test.each(tampered)('finds %s (%s) and pauses everything', async (_, invariant, tamper) => {
    await tamper();
    const found = await recount(ports);
    expect(found.map((each) => each.invariant)).toContain(invariant);
    expect(await stores.controlStore.read()).toMatchObject({ level: 'ALL', by: 'recount' });
  });

  test('stops while the sums of a keyset can still be counted', async () => {
    const supply = database.db.collection('supply');
    const turned = { issuedSum: TURNOVER.stopped, spentSum: TURNOVER.stopped };
    await supply.updateOne({ kind: 'keyset' }, { $inc: turned });
    const [first] = await recount(ports);
    expect(first).toMatchObject({
      invariant: 'M6',
      scope: KEYSET.id,
      what: expect.stringContaining('rotated') as string,
    });
    expect(await stores.controlStore.read()).toMatchObject({ level: 'ALL', by: 'recount' });
  });

  test('finds a unit with two active keysets', async () => {
    const keysets = memoryKeysets([KEYSET, { ...KEYSET, id: '02' }]);
    expect(await recount({ ...ports, keysets })).toMatchObject([{ invariant: 'M8', scope: 'hash' }]);
  });

  test('finds a second step that takes more than is left', async () => {
    const at = unixMs(context.clock.now());
    await stores.operations.commit(aMint({ naturalKey: QUOTE, step: 2, at }, [16n]));
    await quotes().updateOne({}, { $set: { issueCount: 2, amountIssued: 8n } });
    expect(await recount(ports)).toMatchObject([{ invariant: 'M1', scope: QUOTE }]);
  });
});
