import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashOf } from '../../load/stratum-connection.ts';
import { until } from '../until.ts';
import { EASY_SHARES, startEasyLoad } from './easy-shares.ts';
import { startTestStack, type TestStack } from './stack-fixture.ts';

// 01-pool example A10.

const SUBMITS_PER_S = 5_000;
const KILLS = 2;
const ACCEPTED_BETWEEN_KILLS = 2_500;
// The times of the specification: shorter ones would only show how long the lease of a killed sweeper lasts.
const WINDOW_MS = 10_000;
const ORPHAN_MS = 10_000;
const SEALED_WITHIN_MS = WINDOW_MS + ORPHAN_MS + 5_000;

let stack: TestStack;
beforeAll(async () => {
  const pool = { ...EASY_SHARES.overrides.pool, POOL_BATCH_ORPHAN_MS: String(ORPHAN_MS) };
  stack = await startTestStack({ ...EASY_SHARES, overrides: { pool }, windowMs: WINDOW_MS });
});
afterAll(() => stack.stop());

test('kill -9 of the pool under 5,000 submits a second loses no share that was answered true', async () => {
  const acknowledged = new Set<string>();
  const load = startEasyLoad(stack, {
    ratePerSecond: SUBMITS_PER_S,
    connections: 16,
    answered: (share, answer) => answer === true && acknowledged.add(hashOf(share)),
  });
  const pool = stack.process('pool');
  for (let kill = 0; kill < KILLS; kill += 1) {
    const before = acknowledged.size;
    await until(
      async () => acknowledged.size,
      (size) => size >= before + ACCEPTED_BETWEEN_KILLS,
      60_000,
    );
    await pool.kill();
    await pool.restart();
  }
  await load.stop();

  const batches = stack.database('pool').collection('batches');
  const unfinished = () =>
    batches.countDocuments({ $or: [{ state: 'open' }, { 'outbox.0': { $exists: true } }] }, { limit: 1 });
  await until(unfinished, (left) => left === 0, SEALED_WITHIN_MS);
  const stored = await batches.find({}, { projection: { shareHashes: 1 } }).toArray();
  const hashes = stored.flatMap((batch) => (batch['shareHashes'] as Buffer[]).map((hash) => hash.toString('hex')));
  const places = new Set(hashes);
  expect(places.size).toBe(hashes.length);
  expect([...acknowledged].filter((hash) => !places.has(hash))).toEqual([]);
  console.log(`${acknowledged.size} shares were answered true, ${hashes.length} are stored`);
});
