import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CATALOGUE } from '@assay/proto/catalogue';
import { BreachState } from '@assay/proto/gen/assay/auditor/v1/auditor_service';
import { IssuanceLevel } from '@assay/proto/gen/assay/mint/v1/events';
import { MintServiceService, type PauseIssuanceRequest } from '@assay/proto/gen/assay/mint/v1/mint_service';
import type { BatchAccepted } from '@assay/proto/gen/assay/pool/v1/events';
import { GrpcStatusFault, implement, startGrpcServer } from '@assay/shared/runtime/grpc-server';
import { type TestContext, testContext } from '@assay/testkit/context';
import { sealBatch, shareHash } from '@assay/testkit/hostile-batch';
import { type RunningAuditor, startAuditor } from './running-auditor.ts';
import { until } from '@assay/testkit/until';

let running: RunningAuditor;
let mint: TestContext;
const pauses: PauseIssuanceRequest[] = [];
let mintFails = true;

beforeAll(async () => {
  mint = testContext({ name: 'mint' });
  const refuse = () => Promise.reject(new GrpcStatusFault('UNIMPLEMENTED', 'not asked here'));
  const service = implement(MintServiceService, {
    ...{ getQuote: refuse, listQuotes: refuse, listKeysets: refuse, getSupply: refuse, createQuote: refuse },
    ...{ redeemProofs: refuse, signLiabilities: refuse, watchQuotes: () => nothing() },
    pauseIssuance: (request) => {
      pauses.push(request);
      if (mintFails) return Promise.reject(new GrpcStatusFault('UNAVAILABLE', 'the mint starts'));
      return Promise.resolve({ control: undefined });
    },
  });
  const port = await startGrpcServer(mint, { port: 0, implementations: [service], allowUnauthenticated: true });
  running = await startAuditor({ mintUrl: `127.0.0.1:${port}`, replicas: 2 });
});
afterAll(async () => {
  await running.stop();
  await mint.stop();
});

async function* nothing(): AsyncIterable<never> {}

const openLetters = () =>
  running.database.db
    .collection<{ _id: string; code: string; class: string; state: string }>('deadLetters')
    .find()
    .toArray();

describe('A9: poison', () => {
  it('a batch with a flipped signature byte is kept out; the true one with its id is VALID', async () => {
    const { pool } = running;
    const template = await pool.declare();
    const batch = pool.batch(pool.newMiner(), template, pool.mine(template, 2));
    const poolSignature = Buffer.from(batch.poolSignature.map((byte, at) => (at === 40 ? byte ^ 1 : byte)));
    await pool.publish({ ...batch, poolSignature }, { messageId: 'flipped' });
    await until('the letter', async () => (await openLetters()).find(({ code }) => code === 'BATCH_SIGNATURE'));
    expect(await running.batch(batch)).toBeUndefined();
    await pool.publish(batch);
    expect(await running.settled(batch)).toMatchObject({ state: 'VALID', code: 'OK' });
  });

  it.each<[string, (batch: BatchAccepted) => BatchAccepted]>([
    ['POOL_UNKNOWN', (batch) => sealBatch({ ...batch, poolId: 'nobody' }, running.pool.poolSecret)],
    ['BATCH_HASH_MISMATCH', (batch) => ({ ...batch, creditSum: batch.creditSum + 1n })],
  ])('%s: kept out of the books, and takes no key_seq', async (code, change) => {
    const { pool } = running;
    const template = await pool.declare();
    const miner = pool.newMiner();
    const batch = pool.batch(miner, template, pool.mine(template, 1));
    await pool.publish(change(batch), { messageId: `bad ${code}` });
    await until('the letter', async () => (await openLetters()).find((found) => found.code === code));
    await pool.publish(batch);
    expect(await running.settled(batch)).toMatchObject({ state: 'VALID', seqHeld: true });
  });

  it('TPL_ID_MISMATCH: nothing is stored under an id that does not follow from the template', async () => {
    const { pool } = running;
    const claimed = Buffer.alloc(32, 9);
    await pool.declare(pool.parts(), { change: () => ({ templateId: claimed }) });
    await until('the letter', async () => (await openLetters()).find(({ code }) => code === 'TPL_ID_MISMATCH'));
    expect(await running.service.listTemplates({ state: 0, code: '', pageSize: 0, pageToken: '' })).not.toMatchObject({
      templates: expect.arrayContaining([expect.objectContaining({ declared: { templateId: claimed } })]),
    });
  });

  it('bytes that are no event are poison, and the next event is taken in', async () => {
    const { pool } = running;
    await pool.publishRaw(CATALOGUE['pool.batch.accepted'].subject, Buffer.from('ffffffff', 'hex'));
    await until('the letter', async () => (await openLetters()).find(({ code }) => code === 'UNDECODABLE'));
    const template = await pool.declare();
    const batch = pool.batch(pool.newMiner(), template, pool.mine(template, 1));
    await pool.publish(batch);
    expect(await running.settled(batch)).toMatchObject({ state: 'VALID' });
  });

  it('can be shown and dropped, not replayed', async () => {
    const [poison] = (await openLetters()).filter(({ code }) => code === 'BATCH_SIGNATURE');
    const deadLetterId = poison?._id ?? '';
    const { deadLetter } = await running.service.getDeadLetter({ deadLetterId });
    expect(deadLetter).toMatchObject({ code: 'BATCH_SIGNATURE', state: 1, class: 1 });
    expect(deadLetter?.rendered).toContain('"poolId": "hostile-1"');
    const replay = { requestId: 'r-1', reason: 'try it again', deadLetterIds: [deadLetterId], class: 0 as const };
    await expect(running.admin.replayDeadLetters(replay)).rejects.toMatchObject({ reason: 'DEAD_LETTER_POISON' });
    const drop = { requestId: 'd-1', reason: 'a test made it', deadLetterId };
    expect((await running.admin.dropDeadLetter(drop)).deadLetter).toMatchObject({ state: 3, reason: 'a test made it' });
    const again = { ...drop, requestId: 'd-2' };
    await expect(running.admin.dropDeadLetter(again)).rejects.toMatchObject({ reason: 'DEAD_LETTER_CLOSED' });
  });
});

describe('A8: two workers and the same share', () => {
  it('in two batches of one key is credited once', async () => {
    const { pool } = running;
    const template = await pool.declare();
    const rounds = await Promise.all(Array.from({ length: 12 }, (_, round) => bothAtOnce(template, round)));
    for (const { shared, judged } of rounds) {
      const credited = judged.filter((batch) => batch.credited.includes(shared));
      expect(credited).toHaveLength(1);
      const other = judged.find((batch) => !batch.credited.includes(shared));
      expect(other).toMatchObject({
        state: 'VALID',
        code: 'OK_PARTIAL',
        excluded: [{ index: 1, code: 'SHARE_DUPLICATE' }],
      });
    }
  });

  async function bothAtOnce(template: Parameters<typeof running.pool.mine>[0], round: number) {
    const { pool } = running;
    const prefix = `004001${round.toString(16).padStart(2, '0')}`;
    const [one, two, common] = pool.mine(template, 3, { prefix });
    if (one === undefined || two === undefined || common === undefined) throw new Error('no shares');
    const miner = pool.newMiner();
    const batches = [pool.batch(miner, template, [one, common]), pool.batch(miner, template, [two, common])];
    await Promise.all(batches.map((batch) => pool.publish(batch)));
    const judged = await Promise.all(batches.map((batch) => running.settled(batch)));
    return { shared: shareHash(common), judged };
  }
});

describe('B14: two contents under one batch id', () => {
  it('stop the mint, which is asked until it answers; the first batch keeps its verdict', async () => {
    const { pool } = running;
    const template = await pool.declare();
    const batch = pool.batch(pool.newMiner(), template, pool.mine(template, 1));
    await pool.publish(batch);
    await running.settled(batch, ['VALID']);
    const other = sealBatch({ ...batch, keySeq: 7n }, pool.poolSecret);
    await pool.publish(other, { messageId: 'the same id, other content' });
    await until('the mint is asked twice', () => pauses.length >= 2 || undefined);
    const breachId = `B14:${batch.poolId}/${batch.batchId}`;
    await expect(acknowledge(breachId)).rejects.toMatchObject({ reason: 'CONFLICT' });
    mintFails = false;
    const breaches = running.database.db.collection<{ _id: string; pausePending: boolean }>('breaches');
    const answered = () => breaches.findOne({ _id: breachId, pausePending: false });
    const breach = await until('the mint has answered', async () => (await answered()) ?? undefined);
    expect(breach).toMatchObject({ rule: 'B14', severity: 'STOP_ISSUANCE', state: 'OPEN' });
    expect(new Set(pauses.map(({ requestId }) => requestId)).size).toBe(1);
    expect(pauses[0]).toMatchObject({ level: IssuanceLevel.ISSUANCE_LEVEL_ISSUANCE, breachId });
    expect(await running.batch(batch)).toMatchObject({ state: 'VALID' });
    await acknowledgedAndViolatedAgain(breachId, () => running.pool.publish(other, { messageId: 'once more' }));
  });

  it('is acknowledged with a reason, and only if there is one', async () => {
    await expect(acknowledge('B14:nobody/nothing')).rejects.toMatchObject({ reason: 'BREACH_UNKNOWN' });
    await expect(acknowledge('B14:nobody/nothing', 'too short')).rejects.toMatchObject({ reason: 'REASON_TOO_SHORT' });
  });
});

let asked = 0;

async function acknowledge(breachId: string, reason = 'the second key is revoked') {
  asked += 1;
  const { breach } = await running.admin.acknowledgeBreach({ requestId: `acknowledge-${asked}`, reason, breachId });
  return breach;
}

/** Once acknowledged it is told and no longer open; violated again, it is open as on the first day. */
async function acknowledgedAndViolatedAgain(breachId: string, violate: () => Promise<unknown>): Promise<void> {
  // Two relays may publish the same fact twice, and the opening late: what counts is a version that was not told yet.
  const breaches = running.database.db.collection<{ _id: string; version: number }>('breaches');
  let newest = BigInt((await breaches.findOne({ _id: breachId }))?.version ?? 0);
  const told: ('opened' | 'acknowledged')[] = [];
  for (const state of ['opened', 'acknowledged'] as const) {
    const { subject, codec } = CATALOGUE[`auditor.breach.${state}`];
    const callback = (_: unknown, { data }: { data: Uint8Array }) => {
      const { version } = codec.decode(data);
      if (version <= newest) return;
      newest = version;
      told.push(state);
    };
    running.pool.bus.nc.subscribe(subject, { callback });
  }
  await running.pool.bus.nc.flush();
  const first = await acknowledge(breachId);
  expect(first).toMatchObject({ state: BreachState.BREACH_STATE_ACKNOWLEDGED, acknowledgedBy: 'operator' });
  expect(await acknowledge(breachId, 'somebody else says so too')).toEqual(first);
  expect(await openBreaches()).toEqual([]);
  await until('the acknowledgement is told', () => told.length === 1 || undefined);

  const before = new Set(pauses.map(({ requestId }) => requestId));
  await violate();
  await until('the mint is asked again', () => pauses.some(({ requestId }) => !before.has(requestId)) || undefined);
  expect(await openBreaches()).toMatchObject([{ breachId, severity: 2, count: 2n, acknowledgedBy: 'operator' }]);
  await until('the opening is told', () => told.length === 2 || undefined);
  expect(told).toEqual(['acknowledged', 'opened']);
}

async function openBreaches() {
  const filter = { state: BreachState.BREACH_STATE_OPEN, severity: 0, pageSize: 0, pageToken: '' } as const;
  return (await running.service.listBreaches(filter)).breaches;
}
