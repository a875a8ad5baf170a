import { isAway } from '@assay/shared/runtime/away';
import { OUTBOX_SCHEMA } from '@assay/shared/runtime/outbox';
import {
  type CollectionDefinition,
  compareAndSet,
  connectMongo,
  duplicateIndexOf,
  duplicateWrites,
  ensureCollections,
  isUnknownOutcome,
  type Versioned,
} from '@assay/shared/runtime/mongo';
import { testContext } from '@assay/testkit/context';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { type Document, MongoBulkWriteError, MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Account extends Versioned {
  name: string;
  tags: string[];
  balance: bigint;
  photo?: Uint8Array;
}

const ACCOUNTS: CollectionDefinition = {
  name: 'accounts',
  schema: {
    bsonType: 'object',
    required: ['_id', 'name', 'version'],
    properties: {
      name: { bsonType: 'string' },
      balance: { bsonType: 'long', minimum: 0 },
      version: { bsonType: 'int' },
      outbox: OUTBOX_SCHEMA,
    },
  },
  indexes: [
    { name: 'name_unique', keys: { name: 1 }, unique: true },
    { name: 'tags_unique', keys: { tags: 1 }, unique: true, where: { tagged: true } },
  ],
  outbox: true,
};

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
  await ensureCollections(test.db, [ACCOUNTS]);
});
afterAll(() => test.drop());

const account = (id: string, more: Partial<Account> & { tagged?: boolean } = {}): Account => ({
  ...{ _id: id, name: id, tags: [], balance: 0n, version: 1, outbox: [] },
  ...more,
});
const accounts = () => test.db.collection<Account>('accounts');
const faultOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(() => undefined).catch((error: unknown) => error);

describe('collections', () => {
  it('are created once and stay as they are when ensured again', async () => {
    await ensureCollections(test.db, [ACCOUNTS]);
    const indexes = await accounts().indexes();
    expect(indexes.map((index) => index['name']).sort()).toEqual(['_id_', 'name_unique', 'outbox_at', 'tags_unique']);
  });

  it('can be ensured by two services at the same time', async () => {
    const other = { ...ACCOUNTS, name: 'raced' };
    await Promise.all([1, 2, 3, 4].map(() => ensureCollections(test.db, [other])));
    expect(await test.db.collection('raced').indexes()).toHaveLength(4);
  });

  it('take a changed validator', async () => {
    const before = { ...ACCOUNTS, name: 'changing', indexes: [] };
    await ensureCollections(test.db, [before]);
    await ensureCollections(test.db, [{ ...before, schema: { bsonType: 'object', required: ['colour'] } }]);
    const refused = await faultOf(test.db.collection('changing').insertOne({ name: 'x', version: 1 }));
    expect(String(refused)).toContain('Document failed validation');
  });

  it('refuse an index that exists with another definition, by name', async () => {
    const changed = { ...ACCOUNTS, indexes: [{ name: 'name_unique', keys: { name: 1 } as const }] };
    const refused = await faultOf(ensureCollections(test.db, [changed]));
    expect(String(refused)).toContain('index name_unique of accounts exists with another definition');
  });

  it('find pending events through the partial index, in order of age', async () => {
    const plan = await accounts()
      .find({ 'outbox.0': { $exists: true } }, { hint: 'outbox_at', sort: { 'outbox.0.at': 1 } })
      .explain('queryPlanner');
    const text = JSON.stringify(plan, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
    expect(text).toContain('"indexName":"outbox_at"');
    expect(text).not.toContain('"stage":"SORT"');
  });
});

describe('compare and set', () => {
  it('changes a document at the version that was read, and only once', async () => {
    await accounts().insertOne(account('cas', { balance: 2n ** 62n }));
    const tries = await Promise.all(
      [1, 2, 3].map(() => compareAndSet(accounts(), 'cas', 1, { $set: { balance: 5n } })),
    );
    expect(tries.filter(Boolean)).toHaveLength(1);
    const stored = await accounts().findOne({ _id: 'cas' });
    expect(stored).toMatchObject({ version: 2, balance: 5n });
  });

  it('keeps the increments of its update', async () => {
    await accounts().insertOne(account('inc', { balance: 1n }));
    await compareAndSet(accounts(), 'inc', 1, { $inc: { balance: 2n } });
    expect(await accounts().findOne({ _id: 'inc' })).toMatchObject({ version: 2, balance: 3n });
  });
});

describe('a duplicate key names its index', () => {
  beforeAll(async () => {
    await accounts().insertMany([account('a', { tags: ['t1'], tagged: true }), account('b')]);
  });

  it.each([
    ['the primary key', () => accounts().insertOne(account('a', { name: 'x' })), '_id_'],
    ['an index of one field', () => accounts().insertOne(account('c', { name: 'a' })), 'name_unique'],
    ['a multikey index', () => accounts().insertOne(account('d', { tags: ['t0', 't1'], tagged: true })), 'tags_unique'],
    ['an update', () => accounts().updateOne({ _id: 'b' }, { $set: { name: 'a' } }), 'name_unique'],
    ['a find-and-modify', () => accounts().findOneAndUpdate({ _id: 'b' }, { $set: { name: 'a' } }), 'name_unique'],
    [
      'an upsert',
      () => accounts().updateOne({ _id: 'a', version: 9 }, { $set: { name: 'q' } }, { upsert: true }),
      '_id_',
    ],
    [
      'a bulk write',
      () => accounts().bulkWrite([{ insertOne: { document: account('e', { name: 'a' }) } }]),
      'name_unique',
    ],
    [
      'a value that looks like the message',
      () => accounts().insertOne(account('a', { name: ' index: fake dup key' })),
      '_id_',
    ],
  ] as const)('of %s', async (_, write, index) => {
    const refused = await faultOf(write());
    expect(duplicateIndexOf(refused)).toBe(index);
    expect(isUnknownOutcome(refused)).toBe(false);
  });

  it('for each refused document of an unordered insert, the others are stored', async () => {
    const batch = [account('n1'), account('a', { name: 'y' }), account('n2'), account('n3', { name: 'b' })];
    const refused = await faultOf(accounts().insertMany(batch, { ordered: false }));
    expect(duplicateWrites(refused)).toEqual(
      new Map([
        [1, '_id_'],
        [3, 'name_unique'],
      ]),
    );
    expect(await accounts().countDocuments({ _id: { $in: ['n1', 'n2', 'n3'] } })).toBe(2);
  });

  it('but a batch in which something else failed too is no duplicate', async () => {
    const broken: Document = { ...account('m1'), name: 7 };
    const refused = await faultOf(
      test.db.collection('accounts').insertMany([broken, { ...account('a') }], { ordered: false }),
    );
    expect(duplicateWrites(refused)).toBeUndefined();
    expect(duplicateIndexOf(refused)).toBeUndefined();
  });

  it('and other errors have none', async () => {
    const refused = await faultOf(test.db.collection<Document>('accounts').insertOne({ name: 1 }));
    expect(duplicateIndexOf(refused)).toBeUndefined();
    expect(duplicateIndexOf(new Error('E11000 index: x dup key'))).toBeUndefined();
  });
});

describe('a connection', () => {
  it('reads int64 as bigint and binary as bytes, is ready, and closes at its stage', async () => {
    const context = testContext();
    const db = await connectMongo(context, { uri: test.uri, database: test.database });
    expect(await context.isReady()).toBe(true);
    await db.collection<Account>('accounts').insertOne(account('bytes', { balance: 7n, photo: Uint8Array.of(1, 2) }));
    const stored = await db.collection<Account>('accounts').findOne({ _id: 'bytes' });
    expect(stored?.balance).toBe(7n);
    expect(stored?.photo).toEqual(Buffer.from([1, 2]));
    expect(stored?.version).toBe(1);
    await context.stop();
    expect(await faultOf(db.collection('accounts').findOne({}))).toBeInstanceOf(Error);
  });

  it('that cannot be made leaves the outcome of a write open', async () => {
    const nowhere = new MongoClient('mongodb://127.0.0.1:1/', { serverSelectionTimeoutMS: 100 });
    const failed = await faultOf(nowhere.db('x').collection('y').insertOne({}));
    const many = await faultOf(nowhere.db('x').collection('y').insertMany([{}, {}], { ordered: false }));
    expect(many).toBeInstanceOf(MongoBulkWriteError);
    expect([failed, many].map(isUnknownOutcome)).toEqual([true, true]);
    expect([failed, many].map(isAway)).toEqual([true, true]);
    await nowhere.close();
  });
});
