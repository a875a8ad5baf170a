import { ensureCollections } from '@assay/shared/runtime/mongo';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { batchPort } from '../src/adapters/mongo/batches.ts';
import { POOL_COLLECTIONS } from '../src/adapters/mongo/collections.ts';
import { storedBatches } from '../src/adapters/mongo/stored-batches.ts';
import { poolEvents } from '../src/adapters/nats/events.ts';
import { type BatchReport, checkBatches } from '../src/flows/check-batches.ts';

/** An empty pool database of the test's own. */
export async function poolDatabase() {
  const database: TestDatabase = await testDatabase();
  await ensureCollections(database.db, POOL_COLLECTIONS);
  return {
    ...database,
    batches: batchPort(database.db, poolEvents),
    /** The recount of P1–P3 and P9. */
    recount: (): Promise<BatchReport> => checkBatches(storedBatches(database.db, poolEvents)),
  };
}

export type PoolDatabase = Awaited<ReturnType<typeof poolDatabase>>;
