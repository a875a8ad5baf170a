import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CATALOGUE } from '@assay/proto/catalogue';
import { BatchAccepted } from '@assay/proto/gen/assay/pool/v1/events';
import { VerdictGiven } from '@assay/proto/gen/assay/auditor/v1/events';
import { QuoteChanged } from '@assay/proto/gen/assay/mint/v1/events';
import { toHex } from '@assay/shared/kernel/bytes';
import { ensureStreams, publishEvent } from '@assay/shared/runtime/nats';
import type { BatchDocument } from '../src/adapters/mongo/batch-document.ts';
import { type RunningAuditor, startAuditor } from './running-auditor.ts';
import { until } from '@assay/testkit/until';

let running: RunningAuditor;
const published: { id: string; body: string }[] = [];

beforeAll(async () => {
  const env = { AUDITOR_SWEEP_STUCK_MS: '1000', AUDITOR_SWEEP_SETTLE_GRACE_MS: '1500' };
  running = await startAuditor({ env });
  await ensureStreams(running.pool.bus, 'mint', ['MINT']);
  const verdicts = running.pool.bus.nc.subscribe(CATALOGUE['auditor.verdict.given'].subject, {
    callback: (_, message) => {
      published.push({ id: message.headers?.get('Nats-Msg-Id') ?? '', body: toHex(message.data) });
    },
  });
  expect(verdicts.isClosed()).toBe(false);
});
afterAll(() => running.stop());

const batches = () => running.database.db.collection<BatchDocument>('batches');
const idOf = ({ poolId, batchId }: BatchAccepted) => `${poolId}/${batchId}`;
const breach = (id: string) =>
  until(
    `breach ${id}`,
    async () => (await running.database.db.collection<{ _id: string }>('breaches').findOne({ _id: id })) ?? undefined,
  );

const acknowledge = (requestId: string, breachId: string) =>
  running.admin.acknowledgeBreach({ requestId, reason: 'the consumer is mended', breachId });

async function judgedBatch(): Promise<BatchAccepted> {
  const { pool } = running;
  const template = await pool.declare();
  const batch = pool.batch(pool.newMiner(), template, pool.mine(template, 1));
  await pool.publish(batch);
  await running.settled(batch, ['VALID']);
  return batch;
}

async function quoteChanged(kind: 'created' | 'paid', batch: BatchAccepted): Promise<void> {
  const { poolId, batchId, batchHash, lockingKey: pubkey, creditSum: amountRequested } = batch;
  const empty = QuoteChanged.decode(new Uint8Array());
  const quote = { ...empty, poolId, batchId, batchHash, pubkey, amountRequested, method: 'ehash', unit: 'HASH' };
  const naturalKey = `ehash:${idOf(batch)}`;
  await publishEvent(
    running.pool.bus,
    `mint.quote.${kind}`,
    { ...quote, naturalKey, version: kind === 'paid' ? 2n : 1n },
    {},
  );
}

describe('the sweeper', () => {
  it('enqueues a batch again whose task was lost', async () => {
    const { pool } = running;
    const template = await pool.declare();
    await running.judged(template);
    const { batch, document } = await lostBatch(template);
    await batches().insertOne(document);
    expect(await running.settled(batch, ['VALID'])).toMatchObject({ code: 'OK' });
  });

  it('gives a template back whose worker went away', async () => {
    const { pool, nodes } = running;
    const [node] = nodes;
    if (node === undefined) throw new Error('no node');
    node.answer = { code: -28 };
    const template = await pool.declare();
    await running.judged(template, ['HELD']);
    const lease = { owner: 'gone', until: new Date(Date.now() - 1), token: 1 };
    const templates = running.database.db.collection<{ _id: string }>('templates');
    const left = { $set: { state: 'CHECKING', lease }, $unset: { nextCheckAt: '' as const }, $inc: { version: 1 } };
    await templates.updateOne({ _id: toHex(template.templateId) }, left);
    node.answer = null;
    expect(await running.judged(template)).toMatchObject({ state: 'VALID' });
  });

  it('tells the mint three times again what it did not settle, with the same bytes, and then reports it', async () => {
    const batch = await judgedBatch();
    await quoteChanged('created', batch);
    await breach(`SETTLEMENT_STUCK:${idOf(batch)}`);
    const told = published.filter(
      ({ body }) => VerdictGiven.decode(Buffer.from(body, 'hex')).batchId === batch.batchId,
    );
    expect(new Set(told.map(({ body }) => body)).size).toBe(1);
    expect(told.map(({ id }) => id.split(':').at(-1))).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}$/),
      'r1',
      'r2',
      'r3',
    ]);
    const breachId = `SETTLEMENT_STUCK:${idOf(batch)}`;
    await expect(acknowledge('stuck-1', breachId)).rejects.toMatchObject({ reason: 'BREACH_STILL_TRUE' });
    await quoteChanged('paid', batch);
    const noted = () => batches().findOne({ _id: idOf(batch), 'mint.paid': true });
    await until('the payment is noted', async () => (await noted()) ?? undefined);
    expect(await acknowledge('stuck-2', breachId)).toMatchObject({ breach: { state: 2, rule: 'SETTLEMENT_STUCK' } });
  });

  it('reports a batch without quote, and none that was created and paid', async () => {
    const missing = await judgedBatch();
    const paid = await judgedBatch();
    await quoteChanged('created', paid);
    await quoteChanged('paid', paid);
    const noted = () => batches().findOne({ _id: idOf(paid), 'mint.created': true, 'mint.paid': true });
    await until('the payment is noted', async () => (await noted()) ?? undefined);
    const breachId = `QUOTE_MISSING:${idOf(missing)}`;
    await breach(breachId);
    await expect(acknowledge('missing-1', breachId)).rejects.toMatchObject({ reason: 'BREACH_STILL_TRUE' });
    const left = await batches().findOne({ _id: idOf(paid) });
    expect([left?.quoteDueAt, left?.settleDueAt]).toEqual([undefined, undefined]);
  });

  it('adds up the luck of a key once per verdict, and reports targets that were chosen after the hash', async () => {
    const batch = await judgedBatch();
    const scope = `${batch.poolId}/${toHex(batch.lockingKey)}`;
    const sums = running.database.db.collection<{ _id: string; shares: bigint; sum: string; version: number }>(
      'luckSums',
    );
    const first = await until(
      'its luck is added up',
      async () => (await sums.findOne({ _id: scope, shares: 1n })) ?? undefined,
    );
    expect(first.shares).toBe(1n);
    await batches().updateOne({ _id: idOf(batch) }, { $set: { luckPending: true } });
    await until(
      'it is marked',
      async () => (await batches().findOne({ _id: idOf(batch), luckPending: { $exists: false } })) ?? undefined,
    );
    expect((await sums.findOne({ _id: scope }))?.shares).toBe(1n);

    // 2,000 shares whose hashes all just met their target.
    const luck = { shares: 2_000n, sum: 2_000n * 2n ** 32n - 2_000n };
    const skewed = await judgedBatch();
    await batches().updateOne({ _id: idOf(skewed) }, { $set: { luck, luckPending: true, lockingKey: 'skewed' } });
    await breach('LUCK_SKEW:hostile-1/skewed');
  });
});

/** A batch as intake stored it, but for the task, which nobody has. */
async function lostBatch(template: Parameters<typeof running.pool.mine>[0]) {
  const { pool } = running;
  const model = await judgedBatch();
  const stored = await batches().findOne({ _id: idOf(model) });
  if (stored === null) throw new Error('no model');
  const batch = pool.batch(pool.newMiner(), template, pool.mine(template, 1, { prefix: '00400055' }));
  const { verdict, quoteDueAt, settleDueAt, luck, luckPending, ...rest } = stored;
  const long = new Date(Date.now() - 60_000);
  const document: BatchDocument = {
    ...rest,
    ...{
      _id: idOf(batch),
      batchId: batch.batchId,
      batchHash: toHex(batch.batchHash),
      event: BatchAccepted.encode(batch).finish(),
    },
    ...{ lockingKey: toHex(batch.lockingKey), templateId: toHex(batch.templateId), state: 'QUEUED', code: '' },
    ...{ credited: [], hasCredited: false, excluded: [], updatedAt: long, receivedAt: long, waitingSince: long },
  };
  return { batch, document, verdict, quoteDueAt, settleDueAt, luck, luckPending };
}
