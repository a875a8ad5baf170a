import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '@assay/testkit/fake-clock';
import { type TestDatabase, testDatabase } from '@assay/testkit/mongo';
import { fixedNode } from '../src/adapters/fixed/node.ts';
import { dial, type EdgeOptions, type EdgePool, startEdgePool, until } from './edge-pool.ts';
import { nodeAnswer } from './edge-template.ts';
import { KEY } from './session-bench.ts';

let database: TestDatabase;
let directory: string;
let clock: FakeClock;
let running: EdgePool[] = [];

beforeEach(async () => {
  database = await testDatabase();
  directory = await mkdtemp(join(tmpdir(), 'assay-pool-'));
  clock = new FakeClock();
  await offer('a');
});

afterEach(async () => {
  for (const { context } of running) await context.stop();
  running = [];
  await database.drop();
  await rm(directory, { recursive: true });
});

const file = () => join(directory, 'template.json');
const offer = (tip: string) => writeFile(file(), JSON.stringify(nodeAnswer(tip)));

async function start(options: Partial<EdgeOptions> = {}) {
  const edge = await startEdgePool({ database, clock, nodes: [fixedNode(file(), () => clock.now())], ...options });
  running.push(edge);
  return edge;
}

/** A miner that has its first job. */
async function mine(port: number, worker = 'rig1') {
  const miner = await dial(port);
  miner.send(1, 'mining.subscribe', ['test']);
  miner.send(2, 'mining.authorize', [`${KEY}.${worker}`, 'x']);
  const job = (await miner.push('mining.notify')).params ?? [];
  let count = 0;
  const share = (of: readonly unknown[] = job) => {
    count += 1;
    const nonce = count.toString(16).padStart(8, '0');
    return [`${KEY}.${worker}`, of[0], '0'.repeat(16), of[7], nonce];
  };
  return { ...miner, job, share };
}

describe('a miner', () => {
  it('like pooler cpuminer 2.5.1, without configure and extranonce, is credited for shares below difficulty 1', async () => {
    const { port } = await start();
    const miner = await dial(port);
    miner.write('{"id": 1, "method": "mining.subscribe", "params": ["cpuminer/2.5.1"]}\n');
    const subscribed = (await miner.answer(1)).result as readonly unknown[];
    expect(subscribed[2]).toBe(8);
    miner.write(`{"id": 2, "method": "mining.authorize", "params": ["${KEY}.cpu", "x"]}\n`);
    expect((await miner.answer(2)).result).toBe(true);
    expect((await miner.push('mining.set_difficulty')).params).toEqual([2 ** -32]);
    const [job, , , , , , , ntime, clean] = (await miner.push('mining.notify')).params ?? [];
    expect(clean).toBe(true);
    const share = `"${KEY}.cpu", "${String(job)}", "0100000000000000", "${String(ntime)}"`;
    miner.write(`{"method": "mining.submit", "params": [${share}, "b9e0b4f2"], "id":4}\n`);
    expect(await miner.answer(4)).toEqual({ id: 4, result: true, error: null });
    miner.write(`{"method": "mining.submit", "params": [${share}, "B9E0B4F2"], "id":5}\n`);
    expect(await miner.answer(5)).toEqual({ id: 5, result: null, error: [22, 'duplicate', null] });
    const batch = await database.db.collection('batches').findOne({ lockingKey: KEY });
    expect(batch?.['shareCount']).toBe(1);
  });

  it('on the tip before is credited for 2 s after the tip changed, and stale from then on, as in example A8', async () => {
    const { port } = await start();
    const miner = await mine(port);
    await offer('b');
    const next = (await miner.push('mining.notify')).params ?? [];
    expect(next[8]).toBe(true);
    clock.advance(1_999);
    miner.send(10, 'mining.submit', miner.share());
    expect((await miner.answer(10)).result).toBe(true);
    clock.advance(1);
    miner.send(11, 'mining.submit', miner.share());
    expect((await miner.answer(11)).error).toEqual([21, 'stale', null]);
    miner.send(12, 'mining.submit', miner.share(next));
    expect((await miner.answer(12)).result).toBe(true);
  });

  it('hears nothing and is closed when no template is young enough', async () => {
    const { port } = await start();
    const miner = await mine(port);
    await rm(file());
    clock.advance(180_000);
    await miner.closed();
    await (await dial(port)).closed();
  });

  it('finds every share that was answered true in a sealed batch after the end of the instance', async () => {
    const edge = await start({ rules: { windowMs: 60_000 } });
    const miner = await mine(edge.port);
    for (let id = 10; id < 60; id += 1) miner.send(id, 'mining.submit', miner.share());
    const answered = () =>
      miner.lines.filter(({ id, result }) => typeof id === 'number' && id >= 10 && result === true);
    await until(() => answered().length >= 10);
    await edge.context.stop();
    running = [];
    await miner.closed();
    const batches = await database.db.collection('batches').find().toArray();
    expect(batches.map(({ state }) => String(state))).toEqual(batches.map(() => 'sealed'));
    expect(batches.reduce((sum, { shareCount }) => sum + Number(shareCount), 0)).toBe(answered().length);
    expect(await database.db.collection('slots').countDocuments({ until: { $gt: new Date(clock.now()) } })).toBe(0);
  });
});

it('an instance seals its batches at its end though a node answers nothing any more', async () => {
  let [hangs, hanging] = [false, false];
  const node = fixedNode(file(), () => clock.now());
  const bestBlockHash = (): Promise<string> => {
    hanging = hangs;
    return hangs ? new Promise(() => undefined) : node.bestBlockHash();
  };
  const edge = await start({ nodes: [{ ...node, bestBlockHash }], rules: { windowMs: 60_000 } });
  const miner = await mine(edge.port);
  miner.send(10, 'mining.submit', miner.share());
  expect((await miner.answer(10)).result).toBe(true);
  hangs = true;
  await until(() => hanging);
  await edge.context.stop();
  running = [];
  const batches = await database.db.collection('batches').find().toArray();
  expect(batches.map(({ state }) => String(state))).toEqual(['sealed']);
});

describe('two instances', () => {
  it('mine on one template, with prefixes of their own', async () => {
    const [maker, follower] = [await start(), await start({ makes: false, nodes: [] })];
    const miners = [await mine(maker.port), await mine(follower.port)];
    const [a, b] = miners;
    expect([maker, follower].map(({ pool }) => pool.slot.slot())).toEqual([0, 1]);
    expect(follower.pool.board.work?.template.id).toBe(maker.pool.board.work?.template.id);
    a?.send(10, 'mining.submit', a.share());
    b?.send(10, 'mining.submit', b.share());
    for (const miner of miners) expect((await miner.answer(10)).result).toBe(true);
    const hashes = await database.db.collection('batches').distinct('shareHashes');
    expect(hashes).toHaveLength(2);
    await offer('b');
    expect((await b?.push('mining.notify'))?.params?.[8]).toBe(true);
  });

  it('give a slot that a crash left to the next one only after its lease, with a fresh range', async () => {
    const first = await start();
    const before = (await mine(first.port)).job;
    expect(before[0]).toBeDefined();
    const slots = await database.db.collection<{ _id: number }>('slots').find().toArray();
    expect(slots.map(({ _id }) => _id)).toEqual([0]);
    clock.advance(15_000);
    const second = await start({ rules: { wantedSlot: 0 } });
    expect(second.pool.slot.slot()).toBe(0);
    expect(second.pool.slot.take()).toBe(65_536);
  });
});

describe('limits of the socket', () => {
  it('a line of 2 MB without its end is cut at 16 KiB', async () => {
    const { port } = await start();
    const client = await dial(port);
    client.write('x'.repeat(2_097_152));
    await client.closed();
  });

  it('who sends messages faster than allowed is read no faster', async () => {
    const { port } = await start({ limits: { messagesBurst: 5, messagesPerS: 1 } });
    const client = await dial(port);
    for (let id = 1; id <= 8; id += 1) client.send(id, 'mining.ping', []);
    await until(() => client.lines.length === 5);
    clock.advance(1_000);
    await until(() => client.lines.length === 6);
    clock.advance(2_000);
    await until(() => client.lines.length === 8);
    expect(client.lines.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('who does not read its answers is closed', async () => {
    const limits = { messagesBurst: 1_000_000, messagesPerS: 1_000_000, outputBytes: 65_536 };
    const { port } = await start({ limits });
    const client = await dial(port);
    client.socket.pause();
    const asks = `${JSON.stringify({ id: 'x'.repeat(8_000), method: 'mining.ping', params: [] })}\n`.repeat(100);
    let full = false;
    for (let count = 0; count < 200 && !full; count += 1) {
      client.write(asks);
      await until(() => client.socket.writableLength === 0 || client.socket.destroyed, 2_000).catch(
        () => (full = true),
      );
      full ||= client.socket.destroyed;
    }
    client.socket.resume();
    await client.closed();
  });

  it('of connections refuses the next one', async () => {
    const { port } = await start({ limits: { connections: 2 } });
    const [first] = [await mine(port), await mine(port, 'rig2')];
    await (await dial(port)).closed();
    first.close();
    await until(async () => {
      const again = await dial(port);
      again.send(1, 'mining.ping', []);
      await until(() => again.isClosed() || again.lines.length > 0);
      return again.lines.length > 0;
    });
  });

  it('survives any bytes', async () => {
    const { port } = await start();
    for (let round = 0; round < 20; round += 1) {
      const client = await dial(port);
      const bytes = Buffer.from(Array.from({ length: 2_000 }, (_, index) => (index * 7919 + round * 104_729) % 256));
      client.socket.write(Buffer.concat([bytes, Buffer.from('\n')]));
      await client.closed();
    }
    const miner = await mine(port);
    miner.send(10, 'mining.submit', miner.share());
    expect((await miner.answer(10)).result).toBe(true);
  });
});
