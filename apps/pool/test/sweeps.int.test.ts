import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeClock } from '@assay/testkit/fake-clock';
import { templateBodyPort } from '../src/adapters/mongo/template-bodies.ts';
import { templatePort } from '../src/adapters/mongo/templates.ts';
import { poolEvents } from '../src/adapters/nats/events.ts';
import { sweepOldBatches } from '../src/flows/sweep-batches.ts';
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
