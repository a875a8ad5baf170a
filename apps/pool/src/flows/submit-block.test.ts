import { expect, it } from 'vitest';
import { FakeClock } from '@assay/testkit/fake-clock';
import { edgeTemplate, nodeAnswer } from '../../test/edge-template.ts';
import { KEY } from '../../test/session-bench.ts';
import type { LockingKey, PoolId } from '@assay/shared/kernel/ids';
import type { Block } from '../domain/block.ts';
import type { ChainNode } from '../node-port.ts';
import type { BlockPort, TemplateBodyPort } from '../ports.ts';
import { createBodyCache } from './body-cache.ts';
import { createBlockSubmitter } from './submit-block.ts';

const TRANSACTION = { data: 'ab', txid: '00'.repeat(32) };
const TEMPLATE = edgeTemplate('a', { transactions: [TRANSACTION] });
const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

function bench(read: TemplateBodyPort['read']) {
  const submitted: string[] = [];
  const found: Block[] = [];
  const node: ChainNode = {
    id: 'node',
    template: async () => nodeAnswer('a'),
    bestBlockHash: async () => '',
    state: async () => ({ height: 1, initialDownload: false }),
    submitBlock: async (block) => (submitted.push(block), 'null'),
    header: async () => undefined,
    chainBlock: async () => undefined,
  };
  const blocks: BlockPort = {
    insert: async (block) => found.push(block) > 0,
    find: async (hash) => found.find((block) => block.hash === hash),
    change: async (block, change) => ({ ...block, ...change }) as Block,
    listTracked: async () => found,
    list: async () => found,
    lastChained: async () => undefined,
    foundOn: async () => false,
  };
  const bodies = { read, store: async () => undefined, has: async () => true, remove: async () => undefined };
  const submit = createBlockSubmitter({
    ...{ nodes: [node], blocks, bodies, cache: createBodyCache(), clock: new FakeClock(), poolId: 'pool-1' as PoolId },
    ...{ reportFault: () => undefined, pause: turn },
  });
  const candidate = {
    ...{ template: TEMPLATE, header: new Uint8Array(80), hash: new Uint8Array(32), extranonce: new Uint8Array(12) },
    ...{ lockingKey: KEY as LockingKey, worker: 'rig1' },
  };
  return { submit: () => submit(candidate), submitted, found };
}

it('a block on an older template waits for its body while the database is away', async () => {
  let away = 3;
  const { submit, submitted, found } = bench(async function* () {
    if ((away -= 1) >= 0) throw new Error('the database is away');
    yield Uint8Array.of(0xab);
  });
  submit();
  for (let turns = 0; turns < 10; turns += 1) await turn();
  expect(submitted.map((block) => block.endsWith('ab'))).toEqual([true]);
  expect(found).toMatchObject([{ state: 'submitted', worker: 'rig1' }]);
});

it('a block is never sent with a part of its body, nor twice', async () => {
  let parts = [Uint8Array.of()];
  const { submit, submitted } = bench(async function* () {
    yield* parts;
  });
  submit();
  for (let turns = 0; turns < 10; turns += 1) await turn();
  expect(submitted).toEqual([]);
  parts = [Uint8Array.of(0xab)];
  submit();
  for (let turns = 0; turns < 10; turns += 1) await turn();
  expect(submitted).toHaveLength(1);
});
