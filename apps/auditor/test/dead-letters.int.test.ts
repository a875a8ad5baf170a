import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CATALOGUE } from '@assay/proto/catalogue';
import { DeadLetterClass, DeadLetterState } from '@assay/proto/gen/assay/platform/v1/dead_letters';
import type { BatchAccepted } from '@assay/proto/gen/assay/pool/v1/events';
import { toHex } from '@assay/shared/kernel/bytes';
import { type RunningAuditor, startAuditor } from './running-auditor.ts';
import { until } from '@assay/testkit/until';

let running: RunningAuditor;
beforeAll(async () => {
  running = await startAuditor({ env: { AUDITOR_DLQ_AUTO_REPLAYS: '1' } });
});
afterAll(() => running.stop());

const HOUR_MS = 3_600_000;
const documents = (name: 'batches' | 'templates') => running.database.db.collection<{ _id: string }>(name);
const idOf = ({ poolId, batchId }: BatchAccepted) => `${poolId}/${batchId}`;

/** As if five attempts had failed over an hour: the next one is the last. */
async function lastAttempt(name: 'batches' | 'templates', id: string): Promise<void> {
  const due = name === 'batches' ? 'nextAt' : 'nextCheckAt';
  await until(
    'it waits',
    async () => (await documents(name).findOne({ _id: id, [due]: { $exists: true } })) ?? undefined,
  );
  const waitingSince = new Date(Date.now() - HOUR_MS);
  await documents(name).updateOne(
    { _id: id },
    { $set: { attempt: 5, waitingSince, [due]: new Date() }, $inc: { version: 1 } },
  );
}

async function deadBatch(): Promise<{ batch: BatchAccepted; letterId: string; declare: () => Promise<unknown> }> {
  const { pool } = running;
  const parts = pool.parts();
  const { declared } = pool.build(parts);
  const batch = pool.batch(pool.newMiner(), declared, pool.mine(declared, 1));
  await pool.publish(batch);
  await lastAttempt('batches', idOf(batch));
  await running.settled(batch, ['DEAD']);
  const letterId = `batch:${idOf(batch)}#0`;
  await until('its letter', () => openLetter(letterId));
  return { batch, letterId, declare: () => pool.declare(parts) };
}

async function openLetter(deadLetterId: string) {
  const { deadLetters } = await running.service.listDeadLetters({ state: 1, class: 0, pageSize: 500, pageToken: '' });
  return deadLetters.find((letter) => letter.deadLetterId === deadLetterId);
}

describe('a batch whose attempts are used up', () => {
  it('is DEAD with a letter that shows its event; a replay judges it', async () => {
    const { batch, letterId, declare } = await deadBatch();
    const { deadLetter } = await running.service.getDeadLetter({ deadLetterId: letterId });
    expect(deadLetter).toMatchObject({
      class: DeadLetterClass.DEAD_LETTER_CLASS_DEPENDENCY,
      state: DeadLetterState.DEAD_LETTER_STATE_OPEN,
      code: 'HOLD_TEMPLATE_UNKNOWN',
      subject: CATALOGUE['pool.batch.accepted'].subject,
    });
    expect(deadLetter?.rendered).toContain(batch.batchId);
    await declare();
    const replay = {
      requestId: 'replay-1',
      reason: 'the template is here',
      deadLetterIds: [letterId],
      class: 0 as const,
    };
    expect(await running.admin.replayDeadLetters(replay)).toEqual({ replayed: 1 });
    expect(await running.settled(batch, ['VALID'])).toMatchObject({ code: 'OK', revision: 1 });
    expect(await running.admin.replayDeadLetters(replay), 'the same request again').toEqual({ replayed: 1 });
    const again = { ...replay, requestId: 'replay-2' };
    await expect(running.admin.replayDeadLetters(again)).rejects.toMatchObject({ reason: 'DEAD_LETTER_CLOSED' });
    const other = { ...replay, reason: 'other content' };
    await expect(running.admin.replayDeadLetters(other)).rejects.toMatchObject({ reason: 'REQUEST_ID_REUSED' });
  });

  it('is INVALID OPERATOR_DROPPED when the letter is dropped, for a reason', async () => {
    const { batch, letterId } = await deadBatch();
    const short = { requestId: 'drop-1', reason: 'too short', deadLetterId: letterId };
    await expect(running.admin.dropDeadLetter(short)).rejects.toMatchObject({ reason: 'REASON_TOO_SHORT' });
    const drop = { requestId: 'drop-2', reason: 'nobody will ever declare it', deadLetterId: letterId };
    expect((await running.admin.dropDeadLetter(drop)).deadLetter).toMatchObject({
      state: DeadLetterState.DEAD_LETTER_STATE_DROPPED,
    });
    expect(await running.batch(batch)).toMatchObject({ state: 'INVALID', code: 'OPERATOR_DROPPED' });
  });

  it('waits for its predecessor in class SEQUENCE', async () => {
    const { pool } = running;
    const template = await pool.declare();
    const miner = pool.newMiner();
    const missing = pool.batch(miner, template, pool.mine(template, 1));
    const batch = pool.batch(miner, template, pool.mine(template, 1));
    await pool.publish(batch);
    await lastAttempt('batches', idOf(batch));
    await running.settled(batch, ['DEAD']);
    const letterId = `batch:${idOf(batch)}#0`;
    const letter = await until('its letter', () => openLetter(letterId));
    expect(letter).toMatchObject({ code: 'HOLD_PREVIOUS_BATCH', class: DeadLetterClass.DEAD_LETTER_CLASS_SEQUENCE });
    await pool.publish(missing);
    await running.settled(missing, ['VALID']);
    const replay = { requestId: 'replay-3', reason: 'its predecessor came', deadLetterIds: [], class: 5 as const };
    expect(await running.admin.replayDeadLetters(replay)).toEqual({ replayed: 1 });
    expect(await running.settled(batch, ['VALID'])).toMatchObject({ revision: 1 });
  });
});

describe('a template whose attempts are used up', () => {
  it('is DEAD; its batch takes it along when it is replayed, and both are judged', async () => {
    const { pool } = running;
    const [node] = running.nodes;
    if (node === undefined) throw new Error('no node');
    node.answer = 'inconclusive-not-best-prevblk';
    const template = await pool.declare();
    const id = toHex(template.templateId);
    await lastAttempt('templates', id);
    expect(await running.judged(template, ['DEAD'])).toMatchObject({ code: 'HOLD_NODE_BEHIND', attempt: 6 });
    await until('its letter', () => openLetter(`template:${id}#0`));
    const batch = pool.batch(pool.newMiner(), template, pool.mine(template, 1));
    await pool.publish(batch);
    await lastAttempt('batches', idOf(batch));
    expect(await running.settled(batch, ['DEAD'])).toMatchObject({ code: 'HOLD_TEMPLATE_DEAD' });
    const letterId = `batch:${idOf(batch)}#0`;
    await until('its letter', () => openLetter(letterId));

    node.answer = null;
    const replay = {
      requestId: 'replay-4',
      reason: 'the node caught up',
      deadLetterIds: [letterId],
      class: 0 as const,
    };
    expect(await running.admin.replayDeadLetters(replay)).toEqual({ replayed: 1 });
    expect(await running.settled(batch, ['VALID'])).toMatchObject({ code: 'OK' });
    expect(await running.template(template)).toMatchObject({ state: 'VALID', revision: 1 });
    expect(await openLetter(`template:${id}#0`)).toBeUndefined();
  });

  it('is judged again by RecheckTemplate, which refuses a judged one', async () => {
    const { pool } = running;
    const [node] = running.nodes;
    if (node === undefined) throw new Error('no node');
    node.answer = { code: -28 };
    const template = await pool.declare();
    await running.judged(template, ['HELD']);
    node.answer = null;
    const recheck = { requestId: 'recheck-1', reason: 'the node is back', templateId: template.templateId };
    await running.admin.recheckTemplate(recheck);
    expect(await running.judged(template)).toMatchObject({ state: 'VALID' });
    const again = { ...recheck, requestId: 'recheck-2' };
    await expect(running.admin.recheckTemplate(again)).rejects.toMatchObject({ reason: 'TEMPLATE_TERMINAL' });
    const unknown = { ...recheck, requestId: 'recheck-3', templateId: Buffer.alloc(32) };
    await expect(running.admin.recheckTemplate(unknown)).rejects.toMatchObject({ reason: 'TEMPLATE_UNKNOWN' });
  });
});

describe('when the circuit closes', () => {
  it('what died of a dependency is replayed by itself, as often as configured', async () => {
    const { batch, letterId, declare } = await deadBatch();
    const [node] = running.nodes;
    await node?.down();
    await until('the circuit is open', async () => (await running.service.getQueueStatus({})).circuitOpen || undefined);
    await node?.up();
    await until('the letter is closed', async () => ((await openLetter(letterId)) === undefined ? true : undefined));
    await until('it is queued again', async () => ((await running.batch(batch))?.revision === 1 ? true : undefined));

    await lastAttempt('batches', idOf(batch));
    await until('it is dead again', () => openLetter(`batch:${idOf(batch)}#1`));
    await node?.down();
    await until('the circuit is open', async () => (await running.service.getQueueStatus({})).circuitOpen || undefined);
    await node?.up();
    await until('it is closed', async () => !(await running.service.getQueueStatus({})).circuitOpen || undefined);
    expect(await openLetter(`batch:${idOf(batch)}#1`)).toBeDefined();
    await declare();
    expect(await running.batch(batch)).toMatchObject({ state: 'DEAD', revision: 1 });
  });
});

describe('operators', () => {
  it('pause the queue for all workers and resume it', async () => {
    const { pool } = running;
    const untilMs = BigInt(Date.now() + HOUR_MS);
    await running.admin.pauseQueue({ requestId: 'pause-1', reason: 'maintenance', untilMs });
    await until('it is paused', async () =>
      (await running.service.getQueueStatus({})).pausedUntilMs > 0n ? true : undefined,
    );
    const template = await pool.declare();
    const batch = pool.batch(pool.newMiner(), template, pool.mine(template, 1));
    await pool.publish(batch);
    await until('it is taken in', async () => await running.batch(batch));
    await running.admin.resumeQueue({ requestId: 'resume-1', reason: 'maintenance is over' });
    expect(await running.settled(batch)).toMatchObject({ state: 'VALID' });
    const entries = await running.database.db.collection('adminLog').find().sort({ _id: 1 }).toArray();
    expect(entries.map(({ method }) => String(method).split('/').at(-1)).slice(-4)).toEqual([
      'PauseQueue',
      'PauseQueue#OK',
      'ResumeQueue',
      'ResumeQueue#OK',
    ]);
  });

  it('read batches and templates page by page', async () => {
    const all = {
      poolId: '',
      lockingKey: Buffer.alloc(0),
      state: 0 as const,
      receivedFromMs: 0n,
      receivedBeforeMs: 0n,
    };
    const first = await running.service.listBatches({ ...all, pageSize: 2, pageToken: '' });
    const second = await running.service.listBatches({ ...all, pageSize: 500, pageToken: first.nextPageToken });
    const ids = [...first.batches, ...second.batches].map(({ accepted }) => accepted?.batchId);
    expect(new Set(ids).size).toBe(await documents('batches').countDocuments());
    const known = first.batches[0]?.accepted;
    const { batch } = await running.service.getBatch({ poolId: 'hostile-1', batchId: known?.batchId ?? '' });
    expect(batch?.accepted?.shares).toHaveLength(1);
    const nobody = { poolId: 'hostile-1', batchId: 'nobody' };
    await expect(running.service.getBatch(nobody)).rejects.toMatchObject({ reason: 'BATCH_UNKNOWN' });
    const templates = await running.service.listTemplates({ state: 4, code: 'OK', pageSize: 1, pageToken: '' });
    expect(templates.templates).toHaveLength(1);
    const { templateId } = templates.templates[0]?.declared ?? { templateId: Buffer.alloc(32) };
    expect((await running.service.getTemplate({ templateId })).template).toMatchObject({ state: 4, code: 'OK' });
  });
});
