import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureCollections } from '@assay/shared/runtime/mongo';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { batchPort } from '../src/adapters/mongo/batches.ts';
import { POOL_COLLECTIONS } from '../src/adapters/mongo/collections.ts';
import { poolEvents } from '../src/adapters/nats/events.ts';
import { describeBatchPort } from './batch-port.contract.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await ensureCollections(database.db, POOL_COLLECTIONS);
});
afterAll(() => database.drop());

describeBatchPort('MongoDB', async () => {
  await database.db.collection('batches').deleteMany({});
  return batchPort(database.db, poolEvents);
});

it('collections can be ensured again on what is there', async () => {
  await expect(ensureCollections(database.db, POOL_COLLECTIONS)).resolves.toBeUndefined();
});
