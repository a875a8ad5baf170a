import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromHex } from '@assay/shared/kernel/bytes';
import type { BatchAccepted, TemplateDeclared } from '@assay/proto/gen/assay/pool/v1/events';
import { sealBatch } from '@assay/testkit/hostile-batch';
import type { BodyManner } from '@assay/testkit/hostile-pool';
import { randomTransaction, type TemplateParts } from '@assay/testkit/hostile-template';
import { type HostileStack, isNeverPaid, isPaid, mintsNothing, rawOf, startHostileStack } from './hostile-stack.ts';

// Templates and envelopes of whoever holds the pool's key: what a block of the real node could not be, or would not pay
// the pool, makes no ecash; what the pool did not sign makes not even a quote.

let hostile: HostileStack;

beforeAll(async () => {
  hostile = await startHostileStack();
});

afterAll(() => hostile.stop());

async function controlIsPaid(): Promise<void> {
  const template = await hostile.pool.declare(await hostile.honestParts());
  expect(await hostile.template(template)).toEqual({ code: 'OK', answers: ['null'] });
  const miner = hostile.newMiner();
  await isPaid(hostile, { miner, batch: await hostile.honestBatch(miner, template) });
}

const STRANGER = fromHex(`0014${'ab'.repeat(20)}`);

interface TemplateDefect {
  readonly code: string;
  readonly defect: string;
  /** The node's word, where its answer decides. */
  readonly answer?: string;
  readonly body?: BodyManner;
  parts?(honest: TemplateParts): Partial<TemplateParts>;
  change?(declared: TemplateDeclared): Partial<TemplateDeclared>;
}

const TEMPLATE_DEFECTS: readonly TemplateDefect[] = [
  {
    code: 'TPL_POOL_UNPAID',
    defect: 'its coinbase pays somebody else',
    parts: ({ outputs }) => ({ outputs: outputs.map(({ value }) => ({ value, script: STRANGER })) }),
  },
  {
    code: 'TPL_POOL_UNPAID',
    defect: 'its coinbase pays the pool all but one sat',
    parts: ({ outputs }) => ({
      outputs: outputs.flatMap(({ value, script }) => [
        { value: value - 1n, script },
        { value: 1n, script: STRANGER },
      ]),
    }),
  },
  {
    code: 'TPL_POOL_UNPAID',
    defect: 'it has an output of the pool, of nothing',
    parts: ({ outputs }) => ({
      outputs: outputs.flatMap(({ value, script }) => [
        { value: 0n, script },
        { value, script: STRANGER },
      ]),
    }),
  },
  {
    code: 'TPL_MERKLE_BRANCH',
    defect: 'one sibling of its branch is wrong',
    change: ({ merkleBranch }) => ({ merkleBranch: [...merkleBranch.slice(0, -1), Buffer.alloc(32, 3)] }),
  },
  {
    code: 'TPL_MERKLE_BRANCH',
    defect: 'its branch leaves the transactions out',
    change: () => ({ merkleBranch: [] }),
  },
  {
    code: 'TPL_NODE_REJECTED',
    defect: 'its coinbase claims one sat more than there is',
    answer: 'bad-cb-amount',
    parts: ({ outputs }) => ({ outputs: outputs.map(({ value, script }) => ({ value: value + 1n, script })) }),
  },
  {
    code: 'TPL_NODE_REJECTED',
    defect: 'it spends an output that does not exist',
    answer: 'bad-txns-inputs-missingorspent',
    parts: ({ transactions }) => ({ transactions: [...transactions, randomTransaction('witness')] }),
  },
  {
    code: 'TPL_NODE_REJECTED',
    defect: 'it is easier to mine than the chain allows',
    answer: 'bad-diffbits',
    parts: () => ({ bits: 0x207f_fffe }),
  },
  {
    code: 'TPL_NODE_REJECTED',
    defect: 'it allows times before the last blocks',
    answer: 'time-too-old',
    parts: ({ minNtime }) => ({ minNtime: minNtime - 10_000 }),
  },
  {
    code: 'TPL_HEIGHT',
    defect: 'it is of the height before',
    parts: ({ height }) => ({ height: height - 1 }),
  },
  {
    code: 'TPL_WITNESS_COMMITMENT',
    defect: 'it commits to other witnesses',
    parts: () => ({ commitment: 'wrong' }),
  },
  { code: 'TPL_UNDECODABLE', defect: 'its body has other bytes than declared', body: 'other-bytes' },
];

describe('a template', () => {
  it('has transactions of the real node in its branch', async () => {
    const parts = await hostile.honestParts();
    expect(parts.transactions).toHaveLength(2);
    expect(hostile.pool.build(parts).declared.merkleBranch).toHaveLength(2);
  });

  const rows = TEMPLATE_DEFECTS.map((row): [string, string, TemplateDefect] => [row.code, row.defect, row]);
  it.each(rows)('makes no share on it payable: %s, %s', async (code, _, row) => {
    const honest = await hostile.honestParts();
    const parts = { ...honest, ...row.parts?.(honest) };
    const template = await hostile.pool.declare(parts, {
      body: row.body ?? 'whole',
      ...(row.change === undefined ? {} : { change: row.change }),
    });
    const miner = hostile.newMiner();
    const batch = await hostile.honestBatch(miner, template);
    expect(await hostile.template(template)).toEqual({
      code,
      answers: row.answer === undefined ? [] : [row.answer],
    });
    await Promise.all([isNeverPaid(hostile, { miner, batch }, 'TEMPLATE_INVALID'), controlIsPaid()]);
  });

  it('leaves its shares unpaid while its transactions are not to be had', async () => {
    const template = await hostile.pool.declare(await hostile.honestParts(), { body: 'gone' });
    const miner = hostile.newMiner();
    const batch = await hostile.honestBatch(miner, template);
    expect(await hostile.template(template, ['HELD'])).toMatchObject({ code: 'HOLD_BODY_UNAVAILABLE' });
    await controlIsPaid();
    await mintsNothing(hostile, miner, await hostile.quoteIn(batch, 'QUOTE_STATE_PENDING'));
  });
});

interface Forgery {
  readonly auditorCode: string;
  readonly mintCode: string;
  readonly defect: string;
  forge(batch: BatchAccepted): BatchAccepted;
}

const flipped = (bytes: Buffer) => Buffer.from(bytes.map((byte, at) => (at === 40 ? byte ^ 1 : byte)));

const FORGERIES: readonly Forgery[] = [
  {
    auditorCode: 'BATCH_SIGNATURE',
    mintCode: 'BATCH_SIGNATURE',
    defect: 'one bit of the signature is wrong',
    forge: (batch) => ({ ...batch, poolSignature: flipped(batch.poolSignature) }),
  },
  {
    auditorCode: 'BATCH_SIGNATURE',
    mintCode: 'BATCH_SIGNATURE',
    defect: 'another key signed it',
    forge: (batch) => sealBatch(batch, hostile.newMiner().secret),
  },
  {
    auditorCode: 'BATCH_HASH_MISMATCH',
    mintCode: 'BATCH_HASH',
    defect: 'its credit is not the one that was signed',
    forge: (batch) => ({ ...batch, creditSum: batch.creditSum + 1n }),
  },
  {
    auditorCode: 'BATCH_HASH_MISMATCH',
    mintCode: 'BATCH_HASH',
    defect: 'its miner is not the one that was signed',
    forge: (batch) => ({ ...batch, lockingKey: Buffer.from(hostile.newMiner().lockingKey) }),
  },
];

describe('a batch that the pool did not sign', () => {
  const rows = FORGERIES.map((row): [string, Forgery] => [row.defect, row]);
  it.each(rows)('is kept out: %s; the true one with its id is paid', async (_, row) => {
    const template = await hostile.pool.declare(await hostile.honestParts());
    const miner = hostile.newMiner();
    const batch = hostile.pool.batch(miner, template, [hostile.mine(miner, template)]);
    const forged = row.forge(batch);
    await hostile.pool.publish(forged, { messageId: `forged ${batch.batchId}` });
    for (const [service, code] of [
      ['auditor', row.auditorCode],
      ['mint', row.mintCode],
    ] as const) {
      expect(await hostile.deadLetter(service, rawOf(forged))).toMatchObject({ code, class: 1, state: 1 });
    }
    await isUnknown(batch);
    await hostile.pool.publish(batch);
    await isPaid(hostile, { miner, batch });
  });

  it('is kept out when it claims more than a quote can hold, although the pool signed it', async () => {
    const template = await hostile.pool.declare(await hostile.honestParts());
    const miner = hostile.newMiner();
    const shares = [hostile.mine(miner, template)];
    const claim = { creditSum: 2n ** 53n };
    const batch = hostile.pool.batch(miner, template, shares, (honest) => ({ ...honest, ...claim }));
    await hostile.pool.publish(batch);
    expect(await hostile.deadLetter('mint', rawOf(batch))).toMatchObject({ code: 'CREDIT_OUT_OF_RANGE', class: 1 });
    expect(await hostile.verdict(batch)).toMatchObject({ result: 'INVALID', code: 'BATCH_SHAPE' });
    await expect(hostile.quote(batch)).rejects.toMatchObject({ reason: 'QUOTE_UNKNOWN' });
    await controlIsPaid();
  });

  async function isUnknown(batch: BatchAccepted): Promise<void> {
    await expect(hostile.quote(batch)).rejects.toMatchObject({ reason: 'QUOTE_UNKNOWN' });
    await expect(hostile.batch(batch)).rejects.toMatchObject({ reason: 'BATCH_UNKNOWN' });
  }
});
