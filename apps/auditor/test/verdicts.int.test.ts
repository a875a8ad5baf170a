import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAuditor, startAuditor } from './running-auditor.ts';

describe('the auditor judges what a pool sends', () => {
  let running: RunningAuditor;
  beforeAll(async () => {
    running = await startAuditor();
  });
  afterAll(() => running.stop());

  it('an honest batch is VALID with the credit that the pool declared', async () => {
    const { pool } = running;
    const template = await pool.declare();
    const miner = pool.newMiner();
    const batch = pool.batch(miner, template, pool.mine(template, 5));
    await pool.publish(batch);
    const judged = await running.settled(batch);
    expect(judged).toMatchObject({ state: 'VALID', code: 'OK', hasCredited: true });
    expect(judged.verdict?.credited).toBe(batch.creditSum);
  });
});
