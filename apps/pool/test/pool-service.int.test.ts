import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BatchState, PoolServiceService, TemplateState } from '@assay/proto/gen/assay/pool/v1/pool_service';
import { sha256 } from '@assay/shared/kernel/hash';
import { toHex } from '@assay/shared/kernel/bytes';
import { grpcClient } from '@assay/shared/runtime/grpc-client';
import { FakeClock } from '@assay/testkit/fake-clock';
import { type TestDatabase, testDatabase } from '@assay/testkit/mongo';
import { fixedNode } from '../src/adapters/fixed/node.ts';
import { serveGrpc } from '../src/adapters/grpc/serve.ts';
import { mongoStores } from '../src/adapters/mongo/stores.ts';
import { poolEvents, poolMessages } from '../src/adapters/nats/events.ts';
import { dial, type EdgePool, startEdgePool, until } from './edge-pool.ts';
import { nodeAnswer } from './edge-template.ts';
import { KEY } from './session-bench.ts';

const BODY = 'ab'.repeat(700_000);
const SHARES = 3;
const NO_PAGE = { pageSize: 0, pageToken: '' };
const ALL_BATCHES = {
  ...{ lockingKey: Buffer.alloc(0), state: BatchState.BATCH_STATE_UNSPECIFIED },
  ...{ openedFromMs: 0n, openedBeforeMs: 0n },
};

let database: TestDatabase;
let directory: string;
let edge: EdgePool;
let client: ReturnType<typeof clientOf>;

const clientOf = (port: number) =>
  grpcClient(PoolServiceService, {
    url: `127.0.0.1:${port}`,
    deadlineMs: 20_000,
    metadata: { 'assay-caller': 'auditor' },
  });

beforeAll(async () => {
  database = await testDatabase();
  directory = await mkdtemp(join(tmpdir(), 'assay-pool-'));
  const file = join(directory, 'template.json');
  const transactions = [{ data: BODY, txid: toHex(sha256(Buffer.from('tx'))) }];
  await writeFile(file, JSON.stringify(nodeAnswer('a', { transactions })));
  const clock = new FakeClock();
  edge = await startEdgePool({ database, clock, nodes: [fixedNode(file, () => clock.now())], rules: { windowMs: 0 } });
  const { workSince } = mongoStores(database.db, poolEvents);
  const serving = { port: 0, allowUnauthenticated: true };
  const port = await serveGrpc(edge.context, serving, edge.pool, { ...poolMessages, workSince });
  client = clientOf(port);
  await submitShares();
});

afterAll(async () => {
  client.close();
  await edge.context.stop();
  await database.drop();
  await rm(directory, { recursive: true });
});

/** Each is a batch of its own: the window is 0. */
async function submitShares(): Promise<void> {
  const miner = await dial(edge.port);
  miner.send(1, 'mining.subscribe', ['test-agent']);
  miner.send(2, 'mining.authorize', [`${KEY}.rig1`]);
  const job = (await miner.push('mining.notify')).params ?? [];
  for (let id = 10; id < 10 + SHARES; id += 1) {
    miner.send(id, 'mining.submit', [`${KEY}.rig1`, job[0], '0'.repeat(16), job[7], id.toString(16).padStart(8, '0')]);
    expect((await miner.answer(id)).result).toBe(true);
  }
  await edge.pool.counts.flush();
  await until(async () => (await database.db.collection('batches').countDocuments({ state: 'sealed' })) === SHARES);
  miner.close();
}

describe('PoolService', () => {
  it('lists batches page by page without shares, and shows one as it was published', async () => {
    const seen: bigint[] = [];
    let pageToken = '';
    do {
      const page = await client.listBatches({ ...ALL_BATCHES, pageSize: 2, pageToken });
      for (const { accepted } of page.batches) seen.push(accepted?.keySeq ?? 0n);
      pageToken = page.nextPageToken;
      const [first] = page.batches;
      const { batch } = await client.getBatch({ batchId: first?.accepted?.batchId ?? '' });
      expect(batch?.state).toBe(BatchState.BATCH_STATE_SEALED);
      expect(batch?.accepted?.shares).toHaveLength(1);
      expect(batch?.quoteNaturalKey).toBe(`ehash:pool-1/${first?.accepted?.batchId}`);
      expect(first?.accepted?.shares).toEqual([]);
    } while (pageToken !== '');
    expect(seen.toSorted()).toEqual([1n, 2n, 3n]);
  });

  it('gives the body of a template in chunks of at most 256 KiB, and from any offset', async () => {
    const { template } = await client.getTemplate({ templateId: Buffer.alloc(0) });
    const templateId = template?.declared?.templateId ?? Buffer.alloc(0);
    expect(template?.state).toBe(TemplateState.TEMPLATE_STATE_ACTIVE);
    expect(template?.batches).toBe(BigInt(SHARES));
    for (const offset of [0, 300_000, 700_000]) {
      const chunks: Buffer[] = [];
      for await (const { header, chunk } of client.getTemplateBody({ templateId, offset: BigInt(offset) })) {
        if (header !== undefined) expect(header).toMatchObject({ txCount: 1, bodyBytes: 700_000n });
        expect(chunk.length).toBeLessThanOrEqual(262_144);
        chunks.push(chunk);
      }
      expect(Buffer.concat(chunks).length).toBe(700_000 - offset);
    }
  });

  it('knows miners and their workers', async () => {
    const lockingKey = Buffer.from(KEY, 'hex');
    const miner = await client.getMiner({ lockingKey });
    expect(miner).toMatchObject({ keySeq: BigInt(SHARES), creditValid: 0n });
    const { workers } = await client.listWorkers({ ...NO_PAGE, lockingKey, activeSinceMs: 0n });
    expect(workers).toMatchObject([{ worker: 'rig1', agent: 'test-agent', difficultyLog2: -32 }]);
    expect(workers[0]?.shares).toEqual([{ reason: 'accepted', count: BigInt(SHARES) }]);
  });

  it('sums up the pool', async () => {
    const stats = await client.getPoolStats({});
    expect(stats).toMatchObject({ poolId: 'pool-1', miners: 1, workers: 1 });
    expect(stats.slots).toMatchObject([{ slot: 0, rangesFree: 63 }]);
    expect(BigInt(stats.workSinceBlock)).toBeGreaterThan(0n);
  });

  it.each([
    ['BATCH_UNKNOWN', () => client.getBatch({ batchId: 'x' })],
    ['PAGE_TOKEN_INVALID', () => client.listBatches({ ...ALL_BATCHES, pageSize: 1, pageToken: 'x' })],
    ['TEMPLATE_UNKNOWN', () => client.getTemplate({ templateId: Buffer.alloc(32) })],
    ['REQUEST_INVALID', () => client.getTemplate({ templateId: Buffer.alloc(3) })],
    ['REQUEST_INVALID', () => client.getMiner({ lockingKey: Buffer.alloc(33) })],
    ['KEY_UNKNOWN', () => client.getMiner({ lockingKey: Buffer.from(`02${KEY.slice(2, 64)}00`, 'hex') })],
    ['BLOCK_UNKNOWN', () => client.getBlock({ blockHash: Buffer.alloc(32) })],
  ])('refuses with %s', async (reason, call) => {
    await expect(call()).rejects.toMatchObject({ reason });
  });
});
