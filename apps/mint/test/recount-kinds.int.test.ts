import { amount } from '@assay/shared/kernel/money';
import { type TestContext, testContext } from '@assay/testkit/context';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import type { Document } from 'mongodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mongoStores } from '../src/adapters/mongo/stores.ts';
import { unpaidQuote } from '../src/domain/bolt11-quote.ts';
import type { Invariant } from '../src/domain/invariants.ts';
import { decidePayment } from '../src/domain/payment.ts';
import { ehashKey, pendingQuote, settled } from '../src/domain/quote.ts';
import { HASH_UNIT, SAT_UNIT } from '../src/domain/unit.ts';
import { approveGrant } from '../src/flows/approve-grant.ts';
import { createFundedQuote, type FundedQuotePorts } from '../src/flows/create-funded-quote.ts';
import { grantFund } from '../src/flows/grant-fund.ts';
import { projectOperations } from '../src/flows/project-operations.ts';
import { recount, type RecountPorts } from '../src/flows/recount.ts';
import { aMint, aSwap, KEYSET } from './committed-operations.ts';
import { aKeyset, memoryKeysets } from './memory-keys.ts';
import { aReward, fundedRules } from './memory-funds.ts';
import { aVerdict, TERMS } from './signed-facts.ts';

const SAT_KEYSET = aKeyset({ name: 'sat', unit: SAT_UNIT });
const QUOTE = ehashKey('pool-1', 'b-0001');
const NOTHING = amount(0n);

let database: TestDatabase;
let context: TestContext;
let stores: Awaited<ReturnType<typeof mongoStores>>;
let ports: RecountPorts;
let funded: FundedQuotePorts;

beforeEach(async () => {
  database = await testDatabase();
  context = testContext({ name: 'mint' });
  stores = await mongoStores(context, database.db);
  const notes = { tell: () => undefined };
  const keysets = memoryKeysets([KEYSET, SAT_KEYSET]);
  ports = { ...stores, control: stores.controlStore, notes, keysets };
  funded = { ...fundedRules(), ...stores, keysets, fundedUnits: new Set([HASH_UNIT, SAT_UNIT]) };
  await useEveryKind();
});

afterEach(async () => {
  await context.stop();
  await database.drop();
});

const project = async () => {
  while ((await projectOperations({ ...stores, operations: stores.unprojected })) > 0);
};

/** 28 ehash minted; 8 of it redeemed, 4 deposited, 3 melted with a surplus of 1; quotes of every method. */
async function useEveryKind(): Promise<void> {
  const at = context.clock.now();
  const pending = pendingQuote(TERMS, { quote: '0198f1c0-7e8a-7c3d-8e9f-1a2b3c4d5e6f', now: at, trace: undefined });
  await stores.quotes.insert(pending);
  await stores.quotes.replace(settled(pending, aVerdict(), at));
  await stores.operations.commit(aMint({ naturalKey: QUOTE, step: 0, at }, [16n, 8n, 4n]));
  const spend = aSwap(at, [8n], []);
  const gone = { ...spend, fee: NOTHING };
  await stores.operations.commit({ ...gone, kind: 'REDEEM', out: amount(8n) });
  const four = { ...aSwap(at, [4n], []), fee: NOTHING };
  await stores.operations.commit({ ...four, kind: 'MELT', method: 'deposit', out: amount(4n) });
  const sixteen = { ...aSwap(at, [16n], [8n, 4n]), fee: NOTHING };
  await stores.operations.commit({
    ...{ ...sixteen, kind: 'MELT', method: 'bolt11', out: amount(3n), surplus: amount(1n) },
  });
  await project();
  const alice = { grantId: 'g-1', unit: SAT_UNIT, amount: amount(50n), reason: 'of May' };
  await grantFund(stores, alice, 'operator/alice');
  await approveGrant(stores, 'g-1', 'operator/bob');
  await createFundedQuote(funded, aReward('r-1', 20n, { unit: SAT_UNIT }));
  await createFundedQuote(funded, aReward('e-1', 5n, { method: 'escrow' }));
  await createFundedQuote(funded, aReward('r-2', 0n));
  await payLightning();
}

async function payLightning(): Promise<void> {
  const now = context.clock.now();
  const terms = { unit: 'sat', amount: amount(7n), pubkey: undefined, description: undefined };
  const made = { quote: '0198f1c0-7e8a-7c3d-8e9f-000000000007', expiry: now, trace: undefined };
  const unpaid = unpaidQuote(terms, made, { request: 'lnbc1', lookupId: 'l-1' }, now);
  await stores.quotes.insert(unpaid);
  const paid = decidePayment(unpaid, { id: 'p-1', amount: amount(9n) }, now);
  if (paid.do === 'pay') await stores.quotes.replace(paid.next);
}

const collection = (name: string) => database.db.collection<Document>(name);
const one = (name: string, filter: object, change: object) =>
  collection(name).updateOne(filter, change, { bypassDocumentValidation: true });
const quote = (method: string, change: object) => one('quotes', { method }, { $set: change });
const operation = (filter: object, change: object) => one('operations', filter, { $set: change });
const sat = { _id: 'sat' };
const hash = { _id: 'hash' };

describe('the recount', () => {
  test('finds nothing in quotes and operations of every kind, and in their funds', async () => {
    expect(await recount(ports)).toEqual([]);
    expect(await stores.funds.list()).toMatchObject([
      { unit: 'hash', credited: 12n, paid: 5n },
      { unit: 'sat', credited: 50n, paid: 20n },
    ]);
  });

  test('finds nothing while a reservation is not turned into a payment, or an operation not credited', async () => {
    const token = '0198f1c0-7e8a-7c3d-8e9f-00000000000a';
    await stores.funds.change(SAT_UNIT, {
      ...{ do: 'reserve', key: 'reward:r-9', amount: amount(1n), token, at: context.clock.now() },
    });
    const at = context.clock.now();
    await stores.operations.commit({ ...aSwap(at, [8n], []), fee: NOTHING, kind: 'REDEEM', out: amount(8n) });
    expect(await recount(ports)).toEqual([]);
    await project();
    expect(await recount(ports)).toEqual([]);
  });

  const tampered: [string, Invariant, () => Promise<unknown>][] = [
    ['a Lightning quote that issued more than was paid', 'M1', () => quote('bolt11', { amountIssued: 10n })],
    ['a Lightning quote that is paid without a payment', 'M2', () => quote('bolt11', { payments: [] })],
    ['a Lightning quote with a payment that came twice', 'M2', () => twicePaid()],
    ['an unpaid quote with something paid', 'M1', () => quote('bolt11', { state: 'UNPAID' })],
    ['a reward that is paid more than asked for', 'M1', () => quote('reward', { amountPaid: 21n })],
    ['a reward that no fund paid', 'M2', () => one('quotes', { method: 'reward' }, { $unset: { fundToken: '' } })],
    [
      'an escrow with a verdict',
      'M2',
      () => quote('escrow', { verdict: { hash: 'ab', credited: 5n, decidedAt: new Date() } }),
    ],
    ['a failed reward that was paid', 'M1', () => one('quotes', { state: 'FAILED' }, { $set: { amountPaid: 1n } })],
    ['an ehash quote with a verdict that it was not paid by', 'M2', () => quote('ehash', { 'verdict.credited': 27n })],
    ['a redeem that took more than it was given', 'M4', () => operation({ kind: 'REDEEM' }, { out: 9n })],
    ['a melt that paid more than it was given', 'M4', () => operation({ method: 'bolt11' }, { out: 4n })],
    ['a melt without the surplus it kept', 'M4', () => operation({ method: 'bolt11' }, { surplus: 0n })],
    ['a redeem that is a swap', 'M4', () => operation({ kind: 'REDEEM' }, { kind: 'SWAP' })],
    ['a redeem that is gone', 'M6', () => collection('operations').deleteOne({ kind: 'REDEEM' })],
    ['a deposit that is gone', 'M7', () => collection('operations').deleteOne({ method: 'deposit' })],
    ['a counter of what was melted', 'M6', () => one('supply', { method: 'bolt11' }, { $inc: { melted: 1n } })],
    ['a fund that was credited out of nothing', 'M7', () => one('funds', sat, { $inc: { credited: 1n } })],
    ['a fund that paid more than was put in', 'M7', () => one('funds', sat, { $set: { paid: 51n } })],
    ['a fund that forgot a payment', 'M7', () => one('funds', sat, { $set: { paid: 0n } })],
    ['a fund that reserved more than it has', 'M7', () => one('funds', sat, { $set: { pending: [reservation()] } })],
    ['a grant that nobody approved', 'M7', () => one('grants', {}, { $set: { state: 'PROPOSED' } })],
    ['a grant of another amount', 'M7', () => one('grants', {}, { $set: { amount: 49n } })],
    ['audited work that was granted', 'M7', () => one('funds', hash, { $set: { grants: ['g-1'] } })],
    ['a quote that no fund paid for', 'M7', () => collection('funds').deleteOne({ _id: 'sat' as never })],
    ['payments without their index', 'M3', () => collection('quotes').dropIndex('paymentsId_unique')],
    ['a pending melt that locks nothing', 'M3', () => collection('operations').insertOne(looseMelt())],
  ];
  test.each(tampered)('finds %s (%s) and pauses everything by itself', async (_, invariant, tamper) => {
    await tamper();
    const found = await recount(ports);
    expect(found.map((each) => each.invariant)).toContain(invariant);
    expect(await stores.controlStore.read()).toMatchObject({ level: 'ALL', by: 'recount' });
  });
});

function twicePaid() {
  const payments = [
    { id: 'p-1', amount: 4n },
    { id: 'p-1', amount: 5n },
  ];
  return quote('bolt11', { payments });
}

function reservation() {
  return { key: 'reward:r-9', amount: 31n, token: 't', at: new Date() };
}

function looseMelt(): Document {
  return {
    ...{ _id: 'ab'.repeat(32) as never, kind: 'MELT', state: 'PENDING', unit: 'hash', fee: 0n, version: 1, outbox: [] },
    ...{ hasInputs: false, inputs: [], hasOutputs: false, outputs: [], hasQuotes: false, quoteKeys: [] },
    ...{ quoteAmounts: [], meltQuoteId: '0'.repeat(36), meltLive: true, updatedAt: new Date() },
  };
}
