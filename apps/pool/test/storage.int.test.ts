import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { later, unixMs } from '@assay/shared/kernel/clock';
import type { PoolId } from '@assay/shared/kernel/ids';
import { sha256 } from '@assay/shared/kernel/hash';
import { u32 } from '@assay/shared/kernel/bytes';
import { blockPort } from '../src/adapters/mongo/blocks.ts';
import { settingsPort } from '../src/adapters/mongo/settings.ts';
import { slotPort } from '../src/adapters/mongo/slots.ts';
import { templateBodyPort } from '../src/adapters/mongo/template-bodies.ts';
import { templatePort } from '../src/adapters/mongo/templates.ts';
import { workerPort } from '../src/adapters/mongo/workers.ts';
import { poolEvents } from '../src/adapters/nats/events.ts';
import type { Block } from '../src/domain/block.ts';
import type { TemplateRecord } from '../src/domain/template.ts';
import type { WorkerRecord } from '../src/domain/worker.ts';
import { plain } from './batch-port.contract.ts';
import { knownTemplate, LOCKING_KEY, OTHER_KEY, POOL_ID } from './known-work.ts';
import { type PoolDatabase, poolDatabase } from './pool-database.ts';

const NOW = unixMs(1_795_227_100_000);
let database: PoolDatabase;
beforeAll(async () => {
  database = await poolDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  for (const { name } of await database.db.listCollections().toArray()) {
    await database.db.collection(name).deleteMany({});
  }
});

const outboxOf = async (collection: string, id: string): Promise<string[]> => {
  const document = await database.db
    .collection<{ _id: string; outbox: { id: string; event: string }[] }>(collection)
    .findOne({ _id: id });
  return (document?.outbox ?? []).map((entry) => `${entry.event} ${entry.id}`);
};

describe('templates', () => {
  const template = knownTemplate();
  const record: TemplateRecord = {
    ...{
      template,
      state: 'active',
      curtime: 1_795_227_100,
      fetchedAt: NOW,
      lastJobAt: NOW,
      bodyGone: false,
      version: 1,
    },
  };
  const store = () => templatePort(database.db, poolEvents);

  it('are found as they were stored, with the event that declares them', async () => {
    expect(await store().insert(record)).toBe(true);
    expect(await store().insert(record)).toBe(false);
    expect(plain(await store().find(template.id))).toEqual(plain(record));
    expect(await outboxOf('templates', template.id)).toEqual([`pool.template.declared template:${template.id}`]);
  });

  it('change by compare-and-set, while any instance may note a job', async () => {
    await store().insert(record);
    await store().noteJob(template.id, later(NOW, 5));
    await store().noteJob(template.id, NOW);
    const changed = await store().change(record, { state: 'stale' });
    expect(changed).toMatchObject({ state: 'stale', version: 2 });
    expect(await store().change(record, { state: 'active' })).toBeUndefined();
    expect(await store().find(template.id)).toMatchObject({ state: 'stale', lastJobAt: later(NOW, 5), version: 2 });
    expect((await store().listLive()).length).toBe(1);
  });

  it('give up their bodies when closed, but not one that a block was found on', async () => {
    const other = { ...record, template: { ...template, id: '00'.repeat(32) } };
    await store().insert(record);
    await store().insert(other);
    for (const each of [record, other]) await store().change(each, { state: 'closed', closedAt: NOW });
    await blockPort(database.db, poolEvents).insert({ ...BLOCK, templateId: template.id });
    const old = await store().listBodiesToRemove(later(NOW, 1), 10);
    expect(old.map((each) => each.template.id)).toEqual([other.template.id]);
    expect(await store().listBodiesToRemove(NOW, 10)).toEqual([]);
  });

  it('page from the newest on', async () => {
    for (let index = 0; index < 5; index += 1) {
      const each = { ...template, id: `${index}`.repeat(64), declaredAt: unixMs(NOW + (index >> 1)) };
      await store().insert({ ...record, template: each });
    }
    const first = await store().list({}, 3);
    const last = first.at(-1)?.template;
    const second = last === undefined ? [] : await store().list({ after: last }, 3);
    expect([...first, ...second].map((each) => each.template.id[0]).join('')).toBe('43210');
  });
});

describe('template bodies', () => {
  it('come back whole or from an offset, and repeats change nothing', async () => {
    const bodies = templateBodyPort(database.db);
    const body = Buffer.alloc(2_500_000, 'transaction ');
    const id = 'ab'.repeat(32);
    expect(await bodies.has(id, body.length)).toBe(false);
    await bodies.store(id, body, sha256(body));
    await bodies.store(id, body, sha256(body));
    expect(await bodies.has(id, body.length)).toBe(true);
    for (const offset of [0, 1, 1_048_576, 2_000_000, body.length]) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of bodies.read(id, offset)) chunks.push(chunk);
      expect(Buffer.concat(chunks).equals(body.subarray(offset)), `from ${offset}`).toBe(true);
    }
    await bodies.remove(id);
    expect(await bodies.has(id, body.length)).toBe(false);
  });
});

describe('slots', () => {
  it('are taken by one, and only the owner of the token sets a range', async () => {
    const slots = slotPort(database.db);
    const slot = { slot: 3, owner: 'a', until: NOW, token: 1, ranges: new Map() };
    expect(await Promise.all([slots.put(slot, 0), slots.put({ ...slot, owner: 'b' }, 0)])).toContain(false);
    const found = await slots.find(3);
    if (found === undefined) throw new Error('no slot');
    expect(await slots.setRange(found, 63, { takenAt: NOW })).toBe(true);
    expect(await slots.put({ ...found, token: 2 }, found.version)).toBe(false);
    const taken = await slots.find(3);
    expect(taken?.ranges).toEqual(new Map([[63, { takenAt: NOW }]]));
    expect(await slots.put({ ...slot, owner: 'c', token: 2 }, taken?.version ?? 0)).toBe(true);
    expect(await slots.setRange(found, 1, { takenAt: NOW })).toBe(false);
    expect((await slots.list()).map(({ owner, token }) => [owner, token])).toEqual([['c', 2]]);
  });
});

describe('workers', () => {
  const record: WorkerRecord = {
    ...{ lockingKey: LOCKING_KEY, name: 'rig.1', slot: 2, agent: 'miner/1', k: -13, seenAt: NOW },
    counts: new Map([['accepted', 7] as const, ['low-difficulty', 2] as const]),
    work: 2n ** 70n,
    rates: { first: NOW, last: NOW, sums: [1, 2.5, 3, 4, 5, 6, 7] },
    bestHash: sha256(u32(1)),
    lastShareAt: NOW,
  };

  it('are found as they were put, per slot and over all slots', async () => {
    const workers = workerPort(database.db);
    await workers.put([record, { ...record, slot: 3 }, { ...record, name: 'other', lockingKey: OTHER_KEY }]);
    await workers.put([{ ...record, k: 5 }]);
    expect(plain(await workers.findOnSlot(2, [record]))).toEqual(plain([{ ...record, k: 5 }]));
    expect((await workers.findAll(LOCKING_KEY, 'rig.1')).map(({ slot }) => slot).sort()).toEqual([2, 3]);
    expect(await workers.countNames(LOCKING_KEY)).toBe(1);
    expect((await workers.list({ lockingKey: OTHER_KEY }, 10)).map(({ name }) => name)).toEqual(['other']);
    expect(await workers.list({ activeSince: later(NOW, 1) }, 10)).toEqual([]);
  });
});

const BLOCK: Block = {
  ...{ hash: 'cd'.repeat(32), poolId: POOL_ID, height: 7, header: new Uint8Array(80), extranonce: new Uint8Array(12) },
  ...{ templateId: 'ab'.repeat(32), lockingKey: LOCKING_KEY, worker: 'default', reward: 5_000_000_000n },
  ...{ foundAt: NOW, source: 'share', state: 'submitted', confirmations: 0, answers: [], updatedAt: NOW, version: 1 },
};

describe('blocks', () => {
  it('are announced once, and told of again only when their state changes', async () => {
    const blocks = blockPort(database.db, poolEvents);
    expect([await blocks.insert(BLOCK), await blocks.insert(BLOCK)]).toEqual([true, false]);
    expect(plain(await blocks.find(BLOCK.hash))).toEqual(plain(BLOCK));
    const answered = await blocks.change(BLOCK, { answers: [{ nodeId: 'a', answer: 'null' }] }, NOW);
    if (answered === undefined) throw new Error('changed by somebody else');
    const chained = await blocks.change(
      answered,
      { state: 'chained', confirmations: 1, unknownSince: null },
      later(NOW, 1),
    );
    expect(await blocks.change(answered, { state: 'orphaned' }, NOW)).toBeUndefined();
    expect(plain(await blocks.find(BLOCK.hash))).toEqual(plain(chained));
    expect(await outboxOf('blocks', BLOCK.hash)).toEqual([
      `pool.block.found block:${BLOCK.hash}:1`,
      `pool.block.changed block:${BLOCK.hash}:3`,
    ]);
    expect((await blocks.lastChained())?.hash).toBe(BLOCK.hash);
    expect((await blocks.listTracked(0)).length).toBe(1);
    expect([await blocks.foundOn(BLOCK.templateId), await blocks.foundOn('')]).toEqual([true, false]);
  });
});

describe('the settings', () => {
  it('of the first start stay', async () => {
    const settings = settingsPort(database.db);
    const first = { poolId: POOL_ID, creditShift: 16 };
    expect(await settings.fix(first)).toEqual({ ok: true, value: undefined });
    expect((await settings.fix(first)).ok).toBe(true);
    const refused = { ok: false, error: { code: 'settings-differ', stored: first } };
    expect(await settings.fix({ ...first, creditShift: 32 })).toEqual(refused);
    expect(await settings.fix({ ...first, poolId: 'other' as PoolId })).toEqual(refused);
  });
});
