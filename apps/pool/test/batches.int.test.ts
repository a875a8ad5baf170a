import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureCollections } from '@assay/shared/runtime/mongo';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { batchPort } from '../src/adapters/mongo/batches.ts';
import { POOL_COLLECTIONS } from '../src/adapters/mongo/collections.ts';
import { poolEvents } from '../src/adapters/nats/events.ts';
import { describeBatchPort, openBatch, sealFor, sharesOf } from './batch-port.contract.ts';

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

it('the event of a sealed batch is told once it is committed, and none of a batch that was refused', async () => {
  await database.db.collection('batches').deleteMany({});
  const told: string[] = [];
  const port = batchPort(database.db, poolEvents, (batchId, { id }) => void told.push(`${batchId} ${id}`));
  const [first, second] = [openBatch(sharesOf('told')), openBatch(sharesOf('not told'))];
  const seal = (batch: typeof first) => ({ do: 'seal', batch, seal: sealFor(batch), trace: undefined }) as const;
  await port.write([first, second].map((batch) => ({ do: 'open', batch })));
  expect(await port.write([seal(first)])).toEqual(['stored']);
  expect(await port.write([seal(second)])).toEqual(['key-seq-taken']);
  expect(told).toEqual([`${first.batchId} batch:${first.batchId}`]);
});

it('collections can be ensured again on what is there', async () => {
  await expect(ensureCollections(database.db, POOL_COLLECTIONS)).resolves.toBeUndefined();
});
