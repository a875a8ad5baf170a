import { afterEach, beforeEach, expect, it } from 'vitest';
import { later } from '@assay/shared/kernel/clock';
import { FakeClock } from '@assay/testkit/fake-clock';
import { templateBodyPort } from '../src/adapters/mongo/template-bodies.ts';
import { templatePort } from '../src/adapters/mongo/templates.ts';
import { poolEvents } from '../src/adapters/nats/events.ts';
import { oldestOpenSince, sweepOldBatches } from '../src/flows/sweep-batches.ts';
import { closeExpiredTemplates, removeOldBodies } from '../src/flows/sweep-templates.ts';
import { batchInstance, ORPHAN_MS } from './batch-instance.ts';
import { knownTemplate, LOCKING_KEY, madeUpShare, OTHER_KEY } from './known-work.ts';
import { type PoolDatabase, poolDatabase } from './pool-database.ts';

const DAY_MS = 86_400_000;
const JOB_TTL_MS = 600_000;
let database: PoolDatabase;
let clock: FakeClock;
beforeEach(async () => {
  database = await poolDatabase();
  clock = new FakeClock();
});
afterEach(() => database.drop());

const published = () => database.db.collection('batches').updateMany({}, { $set: { outbox: [] } });
const count = (query: object) => database.db.collection('batches').countDocuments(query);

it('hashes go 30 d after sealing, batches after their retention, the head of each key never', async () => {
  const pool = batchInstance({ batches: database.batches, clock, windowMs: 0 });
  for (const lockingKey of [LOCKING_KEY, OTHER_KEY]) {
    for (const seed of ['a', 'b', 'c']) await pool.submit(madeUpShare({ seed: `${lockingKey}${seed}`, lockingKey }));
  }
  const ports = { batches: database.batches, sealer: pool.sealer, clock, instance: 'a' };
  const sweep = () => sweepOldBatches(ports, { orphanMs: ORPHAN_MS, retentionMs: 400 * DAY_MS });
  await published();
  clock.advance(30 * DAY_MS);
  await sweep();
  expect(await count({ hasHashes: true })).toBe(6);
  clock.advance(1);
  await sweep();
  expect(await count({ hasHashes: true })).toBe(0);
  expect((await database.recount()).violations).toEqual([]);
  clock.advance(370 * DAY_MS);
  await sweep();
  expect([await count({}), await count({ keySeq: 3n })]).toEqual([2, 2]);
  expect((await database.recount()).violations).toEqual([]);
});

it('the oldest open batch is that of any instance, and none once all are sealed', async () => {
  const windowMs = 1_000;
  const oldest = () => oldestOpenSince({ batches: database.batches, clock }, windowMs);
  const [one, other] = ['one', 'other'].map((owner) =>
    batchInstance({ batches: database.batches, clock, windowMs, instance: owner }),
  );
  expect(await oldest()).toBeUndefined();
  const since = clock.now();
  await one?.submit(madeUpShare({ seed: 'a', acceptedAt: since }));
  clock.advance(windowMs - 1);
  await other?.submit(madeUpShare({ seed: 'b', lockingKey: OTHER_KEY, acceptedAt: clock.now() }));
  expect(await oldest()).toBe(since);
  await one?.writer.drain();
  expect(await oldest()).toBe(since + windowMs - 1);
  await other?.writer.drain();
  expect(await oldest()).toBeUndefined();
});

it('a key that mines no more keeps its head, and nothing behind it stays for that', async () => {
  const pool = batchInstance({ batches: database.batches, clock, windowMs: 0 });
  await pool.submit(madeUpShare({ seed: 'gone', lockingKey: OTHER_KEY }));
  clock.advance(1);
  for (const seed of ['a', 'b', 'c']) await pool.submit(madeUpShare({ seed }));
  await published();
  clock.advance(1);
  expect(await database.batches.removeOld(clock.now(), 1)).toBe(1);
  expect(await count({ lockingKey: LOCKING_KEY })).toBe(2);
});

it('old batches go in as many rounds as it takes', async () => {
  const left = { releaseHashes: 1_200, removeOld: 500 };
  const take = (what: keyof typeof left) => async (_: unknown, limit: number) => {
    const taken = Math.min(limit, left[what]);
    left[what] -= taken;
    return taken;
  };
  const batches = { ...database.batches, releaseHashes: take('releaseHashes'), removeOld: take('removeOld') };
  const { sealer } = batchInstance({ batches, clock });
  await sweepOldBatches({ batches, sealer, clock, instance: 'a' }, { orphanMs: ORPHAN_MS, retentionMs: DAY_MS });
  expect(left).toEqual({ releaseHashes: 0, removeOld: 0 });
});

it('what was not published stays, however old', async () => {
  const pool = batchInstance({ batches: database.batches, clock, windowMs: 0 });
  for (const seed of ['a', 'b']) await pool.submit(madeUpShare({ seed }));
  clock.advance(500 * DAY_MS);
  const ports = { batches: database.batches, sealer: pool.sealer, clock, instance: 'a' };
  await sweepOldBatches(ports, { orphanMs: ORPHAN_MS, retentionMs: 400 * DAY_MS });
  expect(await count({})).toBe(2);
});

it('a template closes when its jobs are over and its batches sealed; its body goes 7 d later', async () => {
  const template = knownTemplate();
  const templates = templatePort(database.db, poolEvents);
  const bodies = templateBodyPort(database.db);
  const ports = { templates, bodies, batches: database.batches, clock };
  await bodies.store(template.id, new Uint8Array(10), template.bodyHash);
  await templates.insert({
    ...{ template, state: 'stale', curtime: 0, fetchedAt: clock.now(), lastJobAt: clock.now() },
    ...{ bodyGone: false, version: 1 },
  });
  const pool = batchInstance({ batches: database.batches, clock });
  await pool.submit(madeUpShare({ seed: 'one', template }));
  clock.advance(JOB_TTL_MS - 1);
  expect(await closeExpiredTemplates(ports, JOB_TTL_MS)).toEqual([]);
  clock.advance(1);
  expect(await closeExpiredTemplates(ports, JOB_TTL_MS)).toEqual([]);
  await pool.writer.drain();
  expect(await closeExpiredTemplates(ports, JOB_TTL_MS)).toEqual([template.id]);
  expect(await templates.find(template.id)).toMatchObject({ state: 'closed', closedAt: clock.now() });
  clock.advance(7 * DAY_MS);
  await removeOldBodies(ports);
  expect(await bodies.has(template.id, 10)).toBe(true);
  clock.advance(1);
  await removeOldBodies(ports);
  expect([await bodies.has(template.id, 10), (await templates.find(template.id))?.bodyGone]).toEqual([false, true]);
});

it('bodies that blocks were found on stay, and keep no other from going', async () => {
  const templates = templatePort(database.db, poolEvents);
  const closed = { state: 'closed', curtime: 0, fetchedAt: clock.now(), lastJobAt: clock.now() } as const;
  const record = { ...closed, closedAt: clock.now(), bodyGone: false, version: 1 };
  const found = knownTemplate();
  const other = { ...found, id: 'ab'.repeat(32), declaredAt: later(found.declaredAt, 1) };
  for (const template of [found, other]) {
    await templates.insert({ ...record, template });
    // The insert of a new template knows no end.
    await templates.change({ ...record, template }, { closedAt: clock.now() });
  }
  await database.db.collection('blocks').insertOne({ templateId: found.id }, { bypassDocumentValidation: true });
  const old = await templates.listBodiesToRemove(later(clock.now(), 1), 1);
  expect(old.map(({ template }) => template.id)).toEqual([other.id]);
});
