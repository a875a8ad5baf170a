import { hash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bytes, concat } from '@assay/shared/kernel/bytes';
import { type TestDatabase, testDatabase } from '@assay/testkit/mongo';
import { type BitcoindServer, startBitcoind } from '@assay/testkit/servers';
import { bitcoindNode } from '../src/adapters/bitcoind/node.ts';
import { nodeHasher } from '../src/adapters/hashing/node-hasher.ts';
import { dial, type EdgePool, startEdgePool, until } from './edge-pool.ts';
import { KEY } from './session-bench.ts';

const SIGNET_TIMEOUT_MS = 600_000;
const HASHES_A_TURN = 5_000;

let database: TestDatabase;
let bitcoind: BitcoindServer | undefined;
let edge: EdgePool | undefined;

beforeEach(async () => {
  database = await testDatabase();
});

afterEach(async () => {
  await edge?.context.stop();
  edge = undefined;
  await bitcoind?.stop();
  bitcoind = undefined;
  await database.drop();
});

async function start(chain: 'signet' | 'regtest') {
  const server = await startBitcoind({ chain });
  bitcoind = server;
  const node = bitcoindNode({ id: 'node', url: server.url, credentialsFile: server.credentialsFile }, [
    'segwit',
    'signet',
  ]);
  const started = await startEdgePool({ database, nodes: [node] });
  edge = started;
  return { server, node, ...started };
}

/** Looks for the nonce that makes a block of the current template, and submits it like a miner. */
async function mineBlock({ pool, port }: EdgePool): Promise<void> {
  const miner = await dial(port);
  miner.send(1, 'mining.subscribe', ['test']);
  miner.send(2, 'mining.authorize', [`${KEY}.rig1`]);
  const subscribed = (await miner.answer(1)).result as readonly unknown[];
  const prefix = Buffer.from(String(subscribed[1]), 'hex');
  const params = (await miner.push('mining.notify')).params ?? [];
  const sent = pool.board.jobAt(-32)?.job;
  if (sent === undefined) throw new Error('there is a job');
  const extranonce = concat(prefix, new Uint8Array(8));
  const header = new Uint8Array(80);
  nodeHasher()(sent, extranonce, sent.ntime, 0, sent.template.version, header);
  const nonce = await findNonce(header, sent.template.networkTarget);
  miner.send(3, 'mining.submit', [`${KEY}.rig1`, params[0], '0'.repeat(16), params[7], nonce]);
  expect((await miner.answer(3)).result).toBe(true);
  miner.close();
}

async function findNonce(header: Bytes, target: Bytes): Promise<string> {
  const bytes = Buffer.from(header);
  for (let nonce = 0; nonce < 2 ** 32; nonce += 1) {
    bytes.writeUInt32LE(nonce, 76);
    const found = hash('sha256', hash('sha256', bytes, 'buffer'), 'buffer');
    if (found.reverse().compare(target) <= 0) return nonce.toString(16).padStart(8, '0');
    if (nonce % HASHES_A_TURN === 0) await new Promise((resolve) => void setImmediate(resolve));
  }
  throw new Error('no nonce makes a block of this header');
}

const blocks = () => database.db.collection('blocks').find().toArray();
const reached = (state: string) =>
  until(async () => (await blocks()).every((block) => block['state'] === state), 60_000);
/** How often each event stands in the outbox, which nothing empties here. */
async function told(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { outbox } of await blocks()) {
    for (const { event } of outbox as { event: string }[]) counts[event] = (counts[event] ?? 0) + 1;
  }
  return counts;
}

describe('a block that a share makes', () => {
  it(
    'on signet is submitted, chained, orphaned with its invalidation, and chained again',
    { timeout: SIGNET_TIMEOUT_MS },
    async () => {
      const { server, ...started } = await start('signet');
      await mineBlock(started);
      await until(async () => (await blocks()).length === 1);
      await reached('chained');
      const [block] = await blocks();
      expect(await server.rpc('getbestblockhash')).toBe(block?._id);
      expect(block?.['answers']).toEqual([{ nodeId: 'node', answer: 'null' }]);
      await server.rpc('invalidateblock', String(block?._id));
      await reached('orphaned');
      await server.rpc('reconsiderblock', String(block?._id));
      await reached('chained');
    },
  );

  it('is mature a hundred blocks later: one found, four changes, as in example A11', { timeout: 120_000 }, async () => {
    const { server, ...started } = await start('regtest');
    await mineBlock(started);
    await until(async () => (await blocks()).length >= 1);
    await reached('chained');
    const [block] = await blocks();
    await server.rpc('invalidateblock', String(block?._id));
    await reached('orphaned');
    await server.rpc('reconsiderblock', String(block?._id));
    await reached('chained');
    await generate(server, 99);
    await reached('mature');
    expect(await told()).toEqual({ 'pool.block.found': 1, 'pool.block.changed': 4 });
  });

  it('that was submitted before a crash and never stored is found in the chain', { timeout: 120_000 }, async () => {
    const first = await start('regtest');
    await mineBlock(first);
    await until(async () => (await blocks()).length >= 1);
    const [block] = await blocks();
    await first.context.stop();
    await database.db.collection('blocks').deleteMany({});
    edge = await startEdgePool({ database, nodes: [first.node] });
    await until(async () => (await blocks()).length === 1);
    const [again] = await blocks();
    expect(again?._id).toBe(block?._id);
    expect(again).toMatchObject({ source: 'scan', height: 1, reward: 5_000_000_000n });
    await reached('chained');
  });
});

async function generate(server: BitcoindServer, count: number): Promise<void> {
  const described = (await server.rpc('getdescriptorinfo', 'raw(52)')) as { descriptor: string };
  await server.rpc('generatetodescriptor', count, described.descriptor);
}
