import { randomBytes } from 'node:crypto';
import { concat } from '@assay/shared/kernel/bytes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BitcoindServer, startBitcoind } from '@assay/testkit/servers';
import { type NodeTemplate, partsOfNodeTemplate, type TemplateParts } from '@assay/testkit/hostile-template';
import { type RunningAuditor, startAuditor } from './running-auditor.ts';

let bitcoind: BitcoindServer;
let running: RunningAuditor;
beforeAll(async () => {
  bitcoind = await startBitcoind({ chain: 'regtest' });
  // OP_TRUE: whoever mines it may spend it.
  await bitcoind.rpc('generatetodescriptor', 20, 'raw(51)');
  const { url, credentialsFile: credentials } = bitcoind;
  running = await startAuditor({ nodes: [], nodeConfig: [{ id: 'bitcoind', url, credentials }] });
}, 120_000);
afterAll(async () => {
  await running.stop();
  await bitcoind.stop();
});

async function nodeParts(): Promise<TemplateParts> {
  const node = (await bitcoind.rpc('getblocktemplate', { rules: ['segwit'] })) as NodeTemplate;
  const { poolId, script } = running.pool;
  // The same template is judged once: a tail of its own makes each another.
  return { ...partsOfNodeTemplate(node, { poolId, script }), scriptTail: concat(Uint8Array.of(8), randomBytes(8)) };
}

describe('a template before a real bitcoind', () => {
  it('that was made from its own getblocktemplate is accepted', async () => {
    const template = await running.pool.declare(await nodeParts());
    expect(await running.judged(template)).toMatchObject({
      ...{ state: 'VALID', code: 'OK', late: false },
      answers: [{ nodeId: 'bitcoind', answer: 'null' }],
    });
  });

  it('that claims one satoshi more than it may is rejected by the node', async () => {
    const parts = await nodeParts();
    const outputs = parts.outputs.map(({ value, script }) => ({ value: value + 1n, script }));
    const template = await running.pool.declare({ ...parts, outputs });
    expect(await running.judged(template)).toMatchObject({
      ...{ state: 'INVALID', code: 'TPL_NODE_REJECTED' },
      answers: [{ nodeId: 'bitcoind', answer: 'bad-cb-amount' }],
    });
  });

  it('that has other bits is rejected by the node', async () => {
    const template = await running.pool.declare({ ...(await nodeParts()), bits: 0x1d00_ffff });
    const answers = [{ nodeId: 'bitcoind', answer: 'bad-diffbits' }];
    expect(await running.judged(template)).toMatchObject({ code: 'TPL_NODE_REJECTED', answers });
  });

  it('whose parent was replaced meanwhile is judged late; one on an unknown parent is held', async () => {
    const late = await nodeParts();
    await bitcoind.rpc('generatetodescriptor', 1, 'raw(51)');
    const template = await running.pool.declare(late);
    expect(await running.judged(template)).toMatchObject({ state: 'VALID', late: true });
    const unknown = await running.pool.declare({ ...late, prevHash: Buffer.alloc(32, 1) });
    expect(await running.judged(unknown, ['HELD'])).toMatchObject({ code: 'HOLD_NODE_BEHIND' });
  });

  it('sees a new block, after which work on the old one is stale', async () => {
    const parts = await nodeParts();
    const template = await running.pool.declare(parts);
    await running.judged(template);
    const tips = running.database.db.collection<{ prev: string }>('tips');
    await bitcoind.rpc('generatetodescriptor', 2, 'raw(51)');
    await expect.poll(() => tips.countDocuments({ prev: template.prevHash.toString('hex') })).toBe(1);
  });
});
