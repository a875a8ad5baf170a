import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CATALOGUE } from '@assay/proto/catalogue';
import { VerdictGiven } from '@assay/proto/gen/assay/auditor/v1/events';
import type { BatchAccepted } from '@assay/proto/gen/assay/pool/v1/events';
import { shareHash } from '@assay/testkit/hostile-batch';
import { type RunningAuditor, startAuditor } from './running-auditor.ts';

let running: RunningAuditor;
const verdicts = new Map<string, Set<string>>();
const traces = new Map<string, string>();

beforeAll(async () => {
  running = await startAuditor({ replicas: 2, env: { AUDITOR_SWEEP_STUCK_MS: '2000' } });
  running.pool.bus.nc.subscribe(CATALOGUE['auditor.verdict.given'].subject, {
    callback: (_, message) => {
      const { batchId, verdictHash } = VerdictGiven.decode(message.data);
      verdicts.set(batchId, (verdicts.get(batchId) ?? new Set()).add(verdictHash.toString('hex')));
      traces.set(batchId, message.headers?.get('traceparent') ?? '');
    },
  });
});
afterAll(() => running.stop());

describe('auditors that are killed at any moment', () => {
  it('give every batch one verdict, and credit every share once', async () => {
    const { pool, auditors } = running;
    const template = await pool.declare();
    const miners = Array.from({ length: 8 }, (_, index) => ({
      miner: pool.newMiner(),
      prefix: `004002${index.toString(16).padStart(2, '0')}`,
    }));
    const batches: BatchAccepted[] = [];
    for (let round = 0; round < 30; round += 1) {
      for (const { miner, prefix } of miners) {
        const batch = pool.batch(miner, template, pool.mine(template, 2, { prefix }));
        batches.push(batch);
        await pool.publish(batch);
      }
      const victim = auditors[round % 2];
      if (round % 6 === 5 && victim !== undefined) {
        await victim.kill();
        await victim.restart();
      }
    }
    for (const batch of batches)
      expect(await running.settled(batch, ['VALID', 'INVALID'], 60_000)).toMatchObject({ code: 'OK' });
    await expect.poll(() => verdicts.size).toBe(batches.length);
    expect([...verdicts.values()].filter((hashes) => hashes.size !== 1)).toEqual([]);
    const stored = await running.database.db
      .collection<{ _id: string; credited: string[] }>('batches')
      .find()
      .toArray();
    const credited = stored.flatMap((batch) => batch.credited);
    expect(credited.sort()).toEqual(batches.flatMap(({ shares }) => shares.map(shareHash)).sort());
  }, 240_000);
});

describe('the trace of a batch', () => {
  it('goes on from the pool through intake, queue and check to the verdict', async () => {
    const { pool } = running;
    const traceId = 'a1'.repeat(16);
    const trace = { traceparent: `00-${traceId}-${'b2'.repeat(8)}-01` };
    const { declared } = pool.build(pool.parts());
    const { prevHash, minNtime } = declared;
    const batch = pool.batch(pool.newMiner(), declared, pool.mine(declared, 1));
    await pool.publish(batch, { trace });
    // It waits for its template, so the task is enqueued a second time.
    await pool.declare(pool.parts({ prevHash, minNtime }));
    await running.settled(batch, ['VALID']);
    await expect.poll(() => traces.get(batch.batchId)?.split('-')[1]).toBe(traceId);
    const { batch: read } = await running.service.getBatch({ poolId: batch.poolId, batchId: batch.batchId });
    expect(read?.traceId).toBe(traceId);
  });
});
