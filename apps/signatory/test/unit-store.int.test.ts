import { ensureCollections } from '@assay/shared/runtime/mongo';
import { type TestDatabase, testDatabase } from '@assay/testkit/mongo';
import { afterEach, describe, expect, test } from 'vitest';
import { mongoUnitStore, UNITS } from '../src/adapters/mongo/unit-store.ts';
import { unitStoreContract } from './unit-store-contract.ts';

const opened: TestDatabase[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.drop()));
});

async function openDatabase() {
  const database = await testDatabase();
  opened.push(database);
  await ensureCollections(database.db, [UNITS]);
  return database;
}

describe('units in MongoDB', () => unitStoreContract(async () => mongoUnitStore((await openDatabase()).db)));

test('the collection holds units only', async () => {
  const { db } = await openDatabase();
  const wrong = db.collection(UNITS.name).insertOne({ keysets: [], activeIndex: 0, version: 1, outbox: [] });
  await expect(wrong).rejects.toThrow('Document failed validation');
});
