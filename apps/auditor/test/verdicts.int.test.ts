import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BatchAccepted, TemplateDeclared } from '@assay/proto/gen/assay/pool/v1/events';
import { toHex } from '@assay/shared/kernel/bytes';
import { schnorrVerify } from '@assay/shared/kernel/schnorr';
import { VerdictGiven } from '@assay/proto/gen/assay/auditor/v1/events';
import type { BodyManner, HostilePool } from '@assay/testkit/hostile-pool';
import type { Mining } from '@assay/testkit/hostile-batch';
import { randomTransaction, type TemplateParts } from '@assay/testkit/hostile-template';
import { type RunningAuditor, startAuditor } from './running-auditor.ts';

let running: RunningAuditor;
beforeAll(async () => {
  running = await startAuditor();
});
afterAll(() => running.stop());

/** Publishes a batch of three shares, and beside it an honest one of another miner, which must be VALID. */
async function besideControl(template: TemplateDeclared, bad: BatchAccepted): Promise<void> {
  const { pool } = running;
  const control = pool.batch(pool.newMiner(), template, pool.mine(template, 2, { prefix: '00400077' }));
  await pool.publish(bad);
  await pool.publish(control);
  expect(await running.settled(control)).toMatchObject({ state: 'VALID', code: 'OK' });
}

describe('an honest batch', () => {
  it('is VALID, with a signed verdict that tells its credit', async () => {
    const { pool } = running;
    const template = await pool.declare(pool.parts({ transactions: [randomTransaction('witness')] }));
    const batch = pool.batch(pool.newMiner(), template, pool.mine(template, 5));
    await pool.publish(batch);
    const { verdict, hasCredited, credited } = await running.settled(batch);
    const given = VerdictGiven.decode(verdict?.event ?? new Uint8Array());
    expect(given).toMatchObject({ code: 'OK', declared: batch.creditSum, credited: batch.creditSum, excluded: [] });
    expect(given.nodeAnswers).toEqual([{ nodeId: 'node-a', answer: 'null' }]);
    expect(schnorrVerify(given.signature, given.verdictHash, given.auditorPubkey)).toBe(true);
    expect({ hasCredited, shares: credited.length }).toEqual({ hasCredited: true, shares: 5 });
  });

  it('is judged in whatever order its template and predecessor come', async () => {
    const { pool } = running;
    const miner = pool.newMiner();
    const { declared } = pool.build(pool.parts());
    const batches = [1, 2, 3].map(() => pool.batch(miner, declared, pool.mine(declared, 2)));
    for (const batch of [...batches].reverse()) await pool.publish(batch);
    // The same parts give the same template: only now it is declared.
    const { poolId, prevHash, minNtime } = declared;
    const template = await pool.declare({ ...pool.parts({ prevHash, minNtime }), poolId });
    expect(toHex(template.templateId)).toBe(toHex(declared.templateId));
    for (const batch of batches) expect(await running.settled(batch, ['VALID'], 5_000)).toMatchObject({ code: 'OK' });
  });

  it('is judged without credit when its work is all in the carry', async () => {
    const { pool } = running;
    const template = await pool.declare();
    const miner = pool.newMiner();
    const target = new Uint8Array(32).fill(0xff);
    const batch = pool.batch(miner, template, pool.mine(template, 3, { target }), undefined, { target });
    expect(batch.creditSum).toBe(0n);
    await pool.publish(batch);
    expect(await running.settled(batch)).toMatchObject({ state: 'VALID', code: 'OK' });
  });
});

type ShareDefect = [code: string, defect: string, mining: Mining];
const OTHER_PREFIX = '004000aa';

describe('a batch that the pool signed although a share is bad', () => {
  const defects: ShareDefect[] = [
    ['SHARE_PREV_MISMATCH', 'another parent', { prevHash: new Uint8Array(32) }],
    ['SHARE_BITS_MISMATCH', 'other bits', { bits: 1 }],
    ['SHARE_VERSION_BITS', 'a rolled bit outside the mask', { version: 1 }],
    ['SHARE_NTIME', 'a time too far ahead', { ntime: Math.floor(Date.now() / 1_000) + 90_000 }],
    ['SHARE_NTIME', 'a time too old', { ntime: 1_000_000_000 }],
    ['SHARE_EXTRANONCE_SIZE', 'a short extranonce', { extranonce: new Uint8Array(3) }],
    ['SHARE_MERKLE_ROOT', 'a root of another coinbase', { root: new Uint8Array(32) }],
    ['SHARE_ABOVE_TARGET', 'a hash above the target', { hash: 'misses' }],
  ];

  it.each(defects)('%s: %s is left out, the good shares are credited', async (code, _, mining) => {
    const { pool } = running;
    const template = await pool.declare();
    const shares = [...pool.mine(template, 1), ...pool.mine(template, 1, mining), ...pool.mine(template, 1)];
    const batch = pool.batch(pool.newMiner(), template, shares);
    await besideControl(template, batch);
    const judged = await running.settled(batch);
    expect(judged).toMatchObject({ state: 'VALID', code: 'OK_PARTIAL', excluded: [{ index: 1, code }] });
    expect(judged.verdict?.credited).toBe((batch.creditSum * 2n) / 3n);
  });

  it('NO_VALID_SHARE when every share is bad', async () => {
    const { pool } = running;
    const template = await pool.declare();
    const batch = pool.batch(pool.newMiner(), template, pool.mine(template, 2, { hash: 'misses' }));
    await besideControl(template, batch);
    expect(await running.settled(batch)).toMatchObject({
      state: 'INVALID',
      code: 'NO_VALID_SHARE',
      hasCredited: false,
    });
  });

  it('SHARE_EXTRANONCE_OWNER: the prefix was first used by another key', async () => {
    const { pool } = running;
    const template = await pool.declare();
    const first = pool.batch(pool.newMiner(), template, pool.mine(template, 1, { prefix: OTHER_PREFIX }));
    await pool.publish(first);
    await running.settled(first, ['VALID']);
    const second = pool.batch(pool.newMiner(), template, pool.mine(template, 1, { prefix: OTHER_PREFIX }));
    await besideControl(template, second);
    const judged = await running.settled(second);
    expect(judged).toMatchObject({ code: 'NO_VALID_SHARE', excluded: [{ index: 0, code: 'SHARE_EXTRANONCE_OWNER' }] });
  });

  it('SHARE_DUPLICATE: a share is repeated in the batch and in a later one', async () => {
    const { pool } = running;
    const template = await pool.declare();
    const miner = pool.newMiner();
    const [share] = pool.mine(template, 1);
    if (share === undefined) throw new Error('no share');
    const batch = pool.batch(miner, template, [share, share]);
    const again = pool.batch(miner, template, [...pool.mine(template, 1), share]);
    await pool.publish(batch);
    await running.settled(batch, ['VALID']);
    await besideControl(template, again);
    expect(await running.batch(batch)).toMatchObject({ excluded: [{ index: 1, code: 'SHARE_DUPLICATE' }] });
    expect(await running.settled(again)).toMatchObject({ excluded: [{ index: 1, code: 'SHARE_DUPLICATE' }] });
  });

  it('SHARE_STALE: a new block was seen long before', async () => {
    const { pool, nodes } = running;
    const [node] = nodes;
    if (node === undefined) throw new Error('no node');
    const prevHash = Buffer.from(node.best, 'hex').reverse();
    const template = await pool.declare(pool.parts({ prevHash }));
    const child = 'ab'.repeat(32);
    await running.database.db.collection('tips').insertOne({
      ...{ _id: child as never, version: 1, prev: toHex(prevHash), height: 840_001 },
      firstSeen: new Date(Date.now() - 40_000),
    });
    const late = pool.mine(template, 1, { acceptedAtMs: Date.now() - 1_000 });
    const inTime = pool.mine(template, 1, { acceptedAtMs: Date.now() - 20_000 });
    const batch = pool.batch(pool.newMiner(), template, [...late, ...inTime]);
    await pool.publish(batch);
    expect(await running.settled(batch)).toMatchObject({ excluded: [{ index: 0, code: 'SHARE_STALE' }] });
  });
});

type EnvelopeDefect = [
  code: string,
  defect: string,
  change: (batch: BatchAccepted, pool: HostilePool) => BatchAccepted,
];

describe('a batch that the pool signed although it is wrong as a whole', () => {
  const defects: EnvelopeDefect[] = [
    ['BATCH_SHAPE', 'another credit shift', (batch) => ({ ...batch, creditShift: 5 })],
    ['CREDIT_MISMATCH', 'credit by the found hash', (batch) => ({ ...batch, creditSum: batch.creditSum + 1n })],
    ['CARRY_MISMATCH', 'a carry out of nowhere', (batch) => ({ ...batch, carryIn: 1n, carryOut: batch.carryOut + 1n })],
  ];

  it.each(defects)('%s: %s', async (code, _, change) => {
    const { pool } = running;
    const template = await pool.declare();
    const bad = pool.batch(pool.newMiner(), template, pool.mine(template, 2), (batch) => change(batch, pool));
    await besideControl(template, bad);
    expect(await running.settled(bad)).toMatchObject({ state: 'INVALID', code });
  });

  it('SHARES_ROOT_MISMATCH: the signed root is of other shares', async () => {
    const { pool } = running;
    const template = await pool.declare();
    const other = { sharesRoot: Buffer.alloc(32, 1) };
    const edit = (batch: BatchAccepted) => ({ ...batch, ...other });
    const bad = pool.batch(pool.newMiner(), template, pool.mine(template, 2), edit, { keepRoot: true });
    await besideControl(template, bad);
    expect(await running.settled(bad)).toMatchObject({ state: 'INVALID', code: 'SHARES_ROOT_MISMATCH' });
  });

  it('KEY_SEQ_REUSED: two batches of one key and key_seq', async () => {
    const { pool } = running;
    const template = await pool.declare();
    const miner = pool.newMiner();
    const first = pool.batch(miner, template, pool.mine(template, 1));
    await pool.publish(first);
    await running.settled(first, ['VALID']);
    const second = pool.batch(miner, template, pool.mine(template, 1), (batch) => ({
      ...batch,
      ...{ keySeq: 1n, carryIn: 0n, carryOut: first.carryOut },
    }));
    await besideControl(template, second);
    expect(await running.settled(second)).toMatchObject({ state: 'INVALID', code: 'KEY_SEQ_REUSED' });
  });
});

type TemplateDefect = [code: string, defect: string, parts: Partial<TemplateParts>, body?: BodyManner];

describe('a template that is wrong', () => {
  const transactions = [randomTransaction('legacy'), randomTransaction('witness')];
  const elsewhere = [{ value: 1n, script: new Uint8Array(22) }];
  const defects: TemplateDefect[] = [
    ['TPL_UNDECODABLE', 'its body has other bytes', {}, 'other-bytes'],
    ['TPL_UNDECODABLE', 'its body is longer than declared', {}, 'too-long'],
    ['TPL_COINBASE_SHAPE', 'its coinbase is not final', { sequence: 0, lockTime: 900_000 }],
    ['TPL_EXTRANONCE_PLACEMENT', 'nobody owns a part of the extranonce', { extranoncePrefixSize: 0 }],
    ['TPL_HEIGHT', 'it pushes another height', { height: 840_002, scriptHead: Buffer.from('0341d10c0c', 'hex') }],
    ['TPL_VERSION', 'its mask is wider than configured', { versionMask: 0x3fff_e000 }],
    [
      'TPL_DUPLICATE_TX',
      'it has a transaction twice',
      { transactions: [...transactions, ...transactions.slice(0, 1)] },
    ],
    ['TPL_WITNESS_COMMITMENT', 'its commitment is wrong', { commitment: 'wrong' }],
    ['TPL_POOL_UNPAID', 'it pays the pool nothing', { outputs: elsewhere }],
  ];

  it.each(defects)('%s: %s; its batches are INVALID', async (code, _, parts, body = 'whole') => {
    const { pool } = running;
    const template = await pool.declare(pool.parts({ transactions, ...parts }), { body });
    expect(await running.judged(template)).toMatchObject({ state: 'INVALID', code });
    const batch = pool.batch(pool.newMiner(), template, pool.mine(template, 1));
    const sound = await pool.declare(pool.parts({ transactions }));
    await pool.publish(batch);
    expect(await running.settled(batch)).toMatchObject({ state: 'INVALID', code: 'TEMPLATE_INVALID' });
    expect(await running.judged(sound)).toMatchObject({ state: 'VALID', code: 'OK' });
  });

  it('TPL_NOT_ALLOWED: a miner declared it to a pool that takes none; his batches are INVALID', async () => {
    const { pool } = running;
    const miner = pool.newMiner();
    const template = await pool.declare(pool.parts({ source: 2, declaredBy: miner.lockingKey }));
    expect(await running.judged(template)).toMatchObject({ state: 'INVALID', code: 'TPL_NOT_ALLOWED' });
    const batch = pool.batch(miner, template, pool.mine(template, 1));
    const foreign = pool.batch(pool.newMiner(), template, pool.mine(template, 1));
    for (const bad of [batch, foreign]) await pool.publish(bad);
    expect(await running.settled(batch)).toMatchObject({ state: 'INVALID', code: 'TEMPLATE_INVALID' });
    expect(await running.settled(foreign)).toMatchObject({ state: 'INVALID', code: 'TEMPLATE_NOT_YOURS' });
  });

  it('TPL_MERKLE_BRANCH: a wrong sibling', async () => {
    const { pool } = running;
    const change = () => ({ merkleBranch: [Buffer.alloc(32, 3)] });
    const template = await pool.declare(pool.parts({ transactions: transactions.slice(0, 1) }), { change });
    expect(await running.judged(template)).toMatchObject({ state: 'INVALID', code: 'TPL_MERKLE_BRANCH' });
  });

  it('is judged although its body comes in two streams', async () => {
    const { pool } = running;
    const template = await pool.declare(pool.parts({ transactions }), { body: 'breaks-once' });
    expect(await running.judged(template)).toMatchObject({ state: 'VALID', code: 'OK' });
  });

  it.each(['gone', 'breaks'] as const)('is held while its body is not to be had: %s', async (body) => {
    const { pool } = running;
    const template = await pool.declare(pool.parts({ transactions }), { body });
    expect(await running.judged(template, ['HELD'])).toMatchObject({ code: 'HOLD_BODY_UNAVAILABLE', attempt: 1 });
  });
});
