import { MongoClient } from 'mongodb';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '@assay/shared/runtime/clock';
import { ensureCollections, MONGO_OPTIONS } from '@assay/shared/runtime/mongo';
import { type MongoServer, startMongod } from '@assay/testkit/servers';
import { batchPort } from '../src/adapters/mongo/batches.ts';
import { POOL_COLLECTIONS } from '../src/adapters/mongo/collections.ts';
import { storedBatches } from '../src/adapters/mongo/stored-batches.ts';
import { poolEvents } from '../src/adapters/nats/events.ts';
import { checkBatches } from '../src/flows/check-batches.ts';
import type { StoreOutcome } from '../src/flows/pending-shares.ts';
import { toHex } from '@assay/shared/kernel/bytes';
import { batchInstance } from './batch-instance.ts';
import { madeUpShare } from './known-work.ts';

const MINERS = 40;
const TICK_MS = 50;
const WINDOW_MS = 300;
const LONG_MS = 240_000;

let server: MongoServer;
let client: MongoClient;
beforeEach(async () => {
  server = await startMongod();
  client = await new MongoClient(server.uri, MONGO_OPTIONS).connect();
  await ensureCollections(client.db('pool'), POOL_COLLECTIONS);
}, LONG_MS);
afterEach(async () => {
  await client.close();
  await server.stop();
});

it(
  'a database that is killed under load loses no share that was answered true and keeps none twice',
  async () => {
    const db = client.db('pool');
    const batches = batchPort(db, poolEvents);
    const pool = batchInstance({
      ...{ batches, clock: systemClock, windowMs: WINDOW_MS },
      pause: (ms) => pause(ms).then(() => undefined),
    });
    const ticking = setInterval(() => pool.writer.tick(), TICK_MS);
    const answers = new Map<string, StoreOutcome>();
    let going = true;
    const stored = () => [...answers.values()].filter((outcome) => outcome === 'stored').length;
    const mine = async (miner: number) => {
      for (let index = 0; going; index += 1) {
        const share = madeUpShare({ seed: `${miner}/${index}`, k: miner % 4, acceptedAt: systemClock.now() });
        answers.set(toHex(share.hash), await pool.submit(share));
      }
    };
    const miners = Array.from({ length: MINERS }, (_, miner) => mine(miner));
    for (let kills = 0; kills < 2; kills += 1) {
      const before = stored();
      await expect.poll(stored, { timeout: LONG_MS / 4 }).toBeGreaterThan(before + 500);
      await server.kill();
      await server.restart();
    }
    const before = stored();
    await expect.poll(stored, { timeout: LONG_MS / 4 }).toBeGreaterThan(before + 500);
    going = false;
    await Promise.all(miners);
    await pool.writer.drain();
    clearInterval(ticking);
    for (const orphan of await batches.findOpenDue(systemClock.now(), 1_000)) await pool.sealer.seal(orphan);

    const report = await checkBatches(storedBatches(db, poolEvents));
    expect(report).toMatchObject({ open: 0, violations: [] });
    const found = new Set<string>();
    for await (const { batch } of storedBatches(db, poolEvents)) {
      for (const { hash } of batch.shares) found.add(toHex(hash));
    }
    const lost = [...answers].filter(([hash, outcome]) => outcome === 'stored' && !found.has(hash));
    expect(lost).toEqual([]);
    expect([...answers.values()].filter((outcome) => outcome === 'duplicate')).toEqual([]);
  },
  LONG_MS,
);
