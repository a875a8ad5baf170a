import { ensureCollections } from '@assay/shared/runtime/mongo';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { afterEach, describe, expect, it } from 'vitest';
import { type OperationDocument, OPERATIONS } from '../src/adapters/mongo/operation-document.ts';
import { mongoOperations } from '../src/adapters/mongo/operations.ts';
import { aMint, anInput, aSwap, operationsContract } from './operations-contract.ts';

let database: TestDatabase | undefined;
async function open(): Promise<TestDatabase> {
  database = await testDatabase();
  await ensureCollections(database.db, [OPERATIONS]);
  return database;
}
afterEach(async () => {
  await database?.drop();
  database = undefined;
});

operationsContract(async () => {
  const { db } = await open();
  return [mongoOperations(db), mongoOperations(db)];
});

describe('the document of an operation', () => {
  it('has its event, its flags and its points as binary', async () => {
    const { db } = await open();
    const step = { naturalKey: 'ehash:pool-1/b-0001', step: 3, amount: anInput('a').amount };
    await mongoOperations(db).commit(aMint('mint', step, ['x']));
    const stored = await db.collection<OperationDocument>('operations').findOne({});
    expect(stored).toMatchObject({
      kind: 'MINT',
      state: 'COMMITTED',
      hasInputs: false,
      hasOutputs: true,
      hasQuotes: true,
      quoteKeys: ['ehash:pool-1/b-0001#3'],
      quoteAmounts: [4n],
      projected: false,
      version: 1,
      outbox: [{ event: 'mint.operation.committed', id: `operation:${stored?._id}:1` }],
    });
    expect(stored?.outputs[0]?.b).toHaveLength(33);
  });

  it('spent and signed points are found by their indexes', async () => {
    const { db } = await open();
    await mongoOperations(db).commit(aSwap('swap', ['a'], ['x']));
    const collection = db.collection<OperationDocument>('operations');
    const names = (await collection.indexes()).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['inputsY_unique', 'outputsB_unique', 'quoteKeys_unique']));
    expect(await mongoOperations(db).findSpent([])).toEqual(new Map());
  });
});
