import { concat, utf8 } from '@assay/shared/kernel/bytes';
import { unixMs } from '@assay/shared/kernel/clock';
import { sha256 } from '@assay/shared/kernel/hash';
import { ensureCollections, MONGO_OPTIONS } from '@assay/shared/runtime/mongo';
import { FakeClock } from '@assay/testkit/fake-clock';
import { startMongod } from '@assay/testkit/servers';
import { MongoClient } from 'mongodb';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { afterEach, describe, expect, it } from 'vitest';
import { type OperationDocument, OPERATIONS } from '../src/adapters/mongo/operation-document.ts';
import type { MeltDocument } from '../src/adapters/mongo/melt-document.ts';
import { mongoOperations, mongoWatchedOperations } from '../src/adapters/mongo/operations.ts';
import { mongoMelts } from '../src/adapters/mongo/melts.ts';
import { pointHex } from '../src/domain/side-checks.ts';
import { anIntent, meltsContract, paidOperation } from './melts-contract.ts';
import { aMint, anInput, anOutput, aSwap, operationsContract } from './operations-contract.ts';

const clock = new FakeClock();
let database: TestDatabase | undefined;
async function open(): Promise<TestDatabase> {
  database = await testDatabase();
  await ensureCollections(database.db, [OPERATIONS]);
  return database;
}
const pointNamed = (name: string) => pointHex(concat(Uint8Array.of(2), sha256(utf8(name))));
afterEach(async () => {
  await database?.drop();
  database = undefined;
});

operationsContract(async (clock) => {
  const { db } = await open();
  return [mongoOperations(db, clock), mongoOperations(db, clock)];
});

meltsContract(async (clock) => {
  const { db } = await open();
  const instance = () => ({ melts: mongoMelts(db, clock), operations: mongoOperations(db, clock) });
  return [instance(), instance()];
});

describe('the document of an operation', () => {
  it('has its event, its flags and its points as binary', async () => {
    const { db } = await open();
    const step = { naturalKey: 'ehash:pool-1/b-0001', step: 3, amount: anInput('a').amount };
    await mongoOperations(db, clock).commit(aMint('mint', step, ['x']));
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

  it('of a melt has no event until it is paid, and no supply counts it', async () => {
    const { db } = await open();
    const melts = mongoMelts(db, clock);
    const intent = anIntent('melt', ['a', 'b'], ['x', 'y']);
    await melts.reserve(intent);
    const collection = db.collection<MeltDocument>('operations');
    const reserved = await collection.findOne({});
    expect(reserved).toMatchObject({ state: 'PENDING', meltLive: true, hasInputs: true, hasOutputs: true, outbox: [] });
    expect([reserved?.committedAt, reserved?.projected]).toEqual([undefined, undefined]);
    const pending = await melts.find(intent.opId);
    if (pending?.state !== 'PENDING') throw new Error('not pending');
    await melts.commit(pending, paidOperation(intent, ['x']), undefined);
    const paid = await collection.findOne({});
    expect(paid).toMatchObject({ state: 'COMMITTED', projected: false, version: 2, out: 4n });
    expect(paid?.outbox).toMatchObject([{ id: `operation:${intent.opId}:2`, event: 'mint.operation.committed' }]);
    expect(paid?.outputs).toHaveLength(1);
  });

  it('of a failed melt keeps its inputs where no index holds them', async () => {
    const { db } = await open();
    const melts = mongoMelts(db, clock);
    await melts.reserve(anIntent('melt', ['a'], ['x']));
    const [pending] = await melts.listPending({ before: unixMs(clock.now() + 1), after: undefined, limit: 1 });
    if (pending === undefined) throw new Error('not pending');
    await melts.release(pending);
    const failed = await db.collection<MeltDocument>('operations').findOne({});
    const flags = { meltLive: false, hasInputs: false, hasOutputs: false, inputs: [], outputs: [] };
    expect(failed).toMatchObject({ state: 'FAILED', ...flags });
    expect(failed?.released).toHaveLength(1);
  });

  it('the server gives up an insert after ten seconds', async () => {
    const { uri, database: name } = await open();
    const client = await new MongoClient(uri, { ...MONGO_OPTIONS, monitorCommands: true }).connect();
    const inserts: unknown[] = [];
    client.on('commandStarted', ({ commandName, command }) => {
      if (commandName === 'insert') inserts.push(command['maxTimeMS'], command['writeConcern'], command['ordered']);
    });
    await mongoOperations(client.db(name), clock).commit(aSwap('swap', ['a'], ['x']));
    await client.close();
    expect(inserts).toMatchObject([10_000, { w: 'majority', j: true }, false]);
  });

  it('spent and signed points are found by their indexes', async () => {
    const { db } = await open();
    await mongoOperations(db, clock).commit(aSwap('swap', ['a'], ['x']));
    const collection = db.collection<OperationDocument>('operations');
    const names = (await collection.indexes()).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['inputsY_unique', 'outputsB_unique', 'quoteKeys_unique']));
    expect(await mongoOperations(db, clock).findSpent([])).toEqual(new Map());
  });
});

describe('whoever spends a proof', () => {
  it('does not wait for all that others watch', async () => {
    const { db } = await open();
    const [operations, watched] = [mongoOperations(db, clock), mongoWatchedOperations(db)];
    await operations.commit(aSwap('swap', ['a'], ['x']));
    const ended: string[] = [];
    const looks = Array.from({ length: 100 }, async (_, look) => {
      await watched.findSpent(Array.from({ length: 1_000 }, (__, at) => pointNamed(`${look}/${at}`)));
      ended.push('look');
    });
    await operations.findSpent([anInput('a').y]);
    ended.push('spend');
    await Promise.all(looks);
    expect(ended.indexOf('spend')).toBeLessThan(50);
    expect(await watched.findSpent([anInput('a').y])).toEqual(
      new Map([[anInput('a').y, { state: 'SPENT', witness: undefined }]]),
    );
  });
});

describe('a question about one point of each of many operations', () => {
  it('brings no other points and no other witnesses', async () => {
    const { db } = await open();
    const operations = mongoOperations(db, clock);
    const names = Array.from({ length: 20 }, (_, index) => `wide-${index}`);
    for (const name of names) {
      const sides = Array.from({ length: 50 }, (_, place) => `${name}/${place}`);
      const wide = aSwap(name, sides, sides);
      await operations.commit({
        ...wide,
        inputs: wide.inputs.map((input) => ({ ...input, witness: 'w'.repeat(1_000) })),
      });
    }
    await db.command({ profile: 2 });
    const spent = await operations.findSpent(names.map((name) => anInput(`${name}/7`).y));
    const signed = await operations.findSigned(names.map((name) => anOutput(`${name}/7`).b));
    await db.command({ profile: 0 });
    expect([spent.size, signed.size]).toEqual([20, 20]);
    expect([...spent.values()]).toContainEqual({ state: 'SPENT', witness: 'w'.repeat(1_000) });
    expect(signed.get(anOutput('wide-3/7').b)).toEqual({ state: 'SIGNED', signature: anOutput('wide-3/7') });
    const answers = await db
      .collection('system.profile')
      .find({ ns: `${db.databaseName}.operations` })
      .toArray();
    expect(answers.length).toBeGreaterThan(0);
    for (const { responseLength } of answers) expect(Number(responseLength)).toBeLessThan(40_000);
  });
});

describe('the database is killed and comes back', () => {
  it('what was answered is there, what was not is there whole or not at all', async () => {
    const server = await startMongod();
    const client = await new MongoClient(server.uri, MONGO_OPTIONS).connect();
    const db = client.db('mint');
    await ensureCollections(db, [OPERATIONS]);
    const operations = mongoOperations(db, clock);
    const swaps = Array.from({ length: 400 }, (_, index) => aSwap(`s-${index}`, [`in-${index}`], [`out-${index}`]));
    const committing = swaps.map((swap) => operations.commit(swap));
    const settled = Promise.allSettled(committing);
    await committing[0];
    await server.kill();
    await server.restart();
    const outcomes = await settled;
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(300);
    const stored = await Promise.all(swaps.map(({ opId }) => operations.find(opId)));
    outcomes.forEach((outcome, index) => {
      if (outcome.status === 'fulfilled') expect([outcome.value, stored[index]]).toEqual(['committed', swaps[index]]);
    });
    const repeated = await Promise.all(swaps.map((swap) => operations.commit(swap)));
    expect(repeated).toEqual(stored.map((operation) => (operation === undefined ? 'committed' : 'duplicate')));
    expect(await db.collection('operations').countDocuments()).toBe(400);
    await client.close();
    await server.stop();
  });
});
