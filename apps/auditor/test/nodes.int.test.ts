import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { toHex } from '@assay/shared/kernel/bytes';
import { type RunningAuditor, startAuditor } from './running-auditor.ts';
import type { ScriptedNode } from './scripted-node.ts';
import { until } from '@assay/testkit/until';

let started: RunningAuditor;
let a: ScriptedNode;
let b: ScriptedNode;
beforeAll(async () => {
  started = await startAuditor({ nodes: ['a', 'b'], replicas: 2 });
  const [first, second] = started.nodes;
  if (first === undefined || second === undefined) throw new Error('no nodes');
  [a, b] = [first, second];
});
afterAll(() => started.stop());
beforeEach(() => {
  for (const node of [a, b]) Object.assign(node, { answer: null });
});

/** As the holder of the document would, only at once. */
async function dueNow(templateId: Uint8Array): Promise<void> {
  const due = { $set: { nextCheckAt: new Date() }, $inc: { version: 1 } };
  await started.database.db.collection('templates').updateOne({ _id: toHex(templateId) as never, state: 'HELD' }, due);
}

const breaches = () => started.database.db.collection('breaches').find().toArray();

describe('A6: two nodes', () => {
  it('that disagree hold the template; once they agree its batch is VALID', async () => {
    b.answer = 'bad-cb-amount';
    const { pool } = started;
    const template = await pool.declare();
    const batch = pool.batch(pool.newMiner(), template, pool.mine(template, 2));
    await pool.publish(batch);
    const held = await started.judged(template, ['HELD']);
    expect(held).toMatchObject({ code: 'HOLD_NODES_DISAGREE', attempt: 1 });
    expect(held.answers).toEqual([
      { nodeId: 'a', answer: 'null' },
      { nodeId: 'b', answer: 'bad-cb-amount' },
    ]);
    expect(await started.batch(batch)).toMatchObject({ state: 'QUEUED' });
    expect(await breaches()).toMatchObject([{ rule: 'NODES_DISAGREE', severity: 'REPORT', state: 'OPEN' }]);

    b.answer = null;
    await dueNow(template.templateId);
    expect(await started.settled(batch, ['VALID'])).toMatchObject({ code: 'OK' });
  });

  it('that are both down cost no attempt: everything queued is judged after their return', async () => {
    const { pool } = started;
    await Promise.all([a.down(), b.down()]);
    // Of both: one that has not looked yet would still ask the nodes about the template.
    for (const service of started.services)
      await until('the circuit is open', async () => (await service.getQueueStatus({})).circuitOpen || undefined);
    const template = await pool.declare();
    const miners = Array.from({ length: 40 }, () => pool.newMiner());
    const batches = miners.map((miner, index) => {
      const prefix = `0040${index.toString(16).padStart(4, '0')}`;
      return pool.batch(miner, template, pool.mine(template, 1, { prefix }));
    });
    for (const batch of batches) await pool.publish(batch);
    for (const batch of batches) await until('the batch is held', () => isHeld(batch));
    const status = await started.service.getQueueStatus({});
    expect(status).toMatchObject({ depth: 40n, circuitOpen: true, templatesWaiting: 1n });
    expect(status.held).toEqual([{ code: 'HOLD_TEMPLATE_PENDING', count: 40n }]);

    await Promise.all([a.up(), b.up()]);
    for (const batch of batches) expect(await started.settled(batch, ['VALID'])).toMatchObject({ attempt: 0 });
    expect(await started.database.db.collection('deadLetters').countDocuments()).toBe(0);
    expect([a, b].map((node) => proposalsOf(node, template.prevHash))).toEqual([1, 1]);
  });

  it.each<[string, () => void, string]>([
    ['both refuse', () => void (a.answer = b.answer = 'bad-txns'), 'TPL_NODE_REJECTED'],
    ['both cannot decode it', () => void (a.answer = b.answer = { code: -22 }), 'TPL_NODE_REJECTED'],
    ['one hangs', () => void (b.answer = 'hang'), 'HOLD_NODE_UNAVAILABLE'],
    ['one warms up', () => void (b.answer = { code: -28 }), 'HOLD_NODE_UNAVAILABLE'],
    ['one is behind', () => void (b.answer = 'inconclusive-not-best-prevblk'), 'HOLD_NODE_BEHIND'],
  ])('of which %s', async (_, script, code) => {
    script();
    const template = await started.pool.declare();
    expect(await started.judged(template, ['INVALID', 'HELD'])).toMatchObject({ code });
  });

  it('that know the parent but left it make a late verdict by structure', async () => {
    const prevHash = Buffer.from('cd'.repeat(32), 'hex');
    for (const node of [a, b]) {
      node.answer = 'inconclusive-not-best-prevblk';
      node.blocks.set('cd'.repeat(32), { prev: '00'.repeat(32), height: 840_000 });
    }
    const template = await started.pool.declare(started.pool.parts({ prevHash }));
    expect(await started.judged(template)).toMatchObject({ state: 'VALID', code: 'OK', late: true });
  });
});

describe('A7: the verdict on a template', () => {
  it('is asked for once, though five hundred batches stand on it', async () => {
    const { pool } = started;
    const template = await pool.declare();
    const miner = pool.newMiner();
    const batches = Array.from({ length: 500 }, () => pool.batch(miner, template, pool.mine(template, 1)));
    for (const batch of batches) await pool.publish(batch);
    for (const batch of batches) await started.settled(batch, ['VALID']);
    expect([a, b].map((node) => proposalsOf(node, template.prevHash))).toEqual([1, 1]);
  });
});

describe('the tip tracker', () => {
  it('records a new block with those in between, when they are first seen', async () => {
    const tips = started.database.db.collection<{ _id: string; prev: string }>('tips');
    const genesis = a.best;
    await until('the first tip', async () => (await tips.countDocuments()) > 0 || undefined);
    a.blocks.set('11'.repeat(32), { prev: genesis, height: 840_001 });
    a.blocks.set('22'.repeat(32), { prev: '11'.repeat(32), height: 840_002 });
    a.best = '22'.repeat(32);
    await until('the new tip', async () => (await tips.findOne({ _id: '22'.repeat(32) })) ?? undefined);
    const children = await tips.find({ prev: Buffer.from(genesis, 'hex').reverse().toString('hex') }).toArray();
    expect(children.map(({ _id }) => _id)).toEqual(['11'.repeat(32)]);
  });
});

function proposalsOf(node: ScriptedNode, prevHash: Uint8Array): number {
  return node.proposals.filter((block) => block.includes(toHex(prevHash))).length;
}

async function isHeld(batch: Parameters<RunningAuditor['batch']>[0]) {
  const found = await started.batch(batch);
  return found?.nextAt === undefined ? undefined : found;
}
