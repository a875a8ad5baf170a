import { MONGO_OPTIONS } from '@assay/shared/runtime/mongo';
import { type Db, MongoClient } from 'mongodb';
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';

export interface TestDatabase {
  readonly uri: string;
  readonly database: string;
  readonly db: Db;
  /** Removes the database and closes the connection. */
  drop(): Promise<void>;
}

/** An empty database of its own on the mongod of the test run (vitest's globalSetup is `@assay/testkit/global-setup`). */
export async function testDatabase(): Promise<TestDatabase> {
  const uri = inject('mongoUri');
  const database = `test_${randomBytes(8).toString('hex')}`;
  const client = await new MongoClient(uri, MONGO_OPTIONS).connect();
  const db = client.db(database);
  return {
    uri,
    database,
    db,
    drop: async () => {
      await db.dropDatabase();
      await client.close();
    },
  };
}
