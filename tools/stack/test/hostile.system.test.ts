import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BatchAccepted, Share, TemplateDeclared } from '@assay/proto/gen/assay/pool/v1/events';
import { sealBatch } from '@assay/testkit/hostile-batch';
import { type HostileMiner, type HostileStack, isNeverPaid, isPaid, mintsNothing, rawOf } from './hostile-stack.ts';
import { startHostileStack } from './hostile-stack.ts';
import { extendChain } from './paying-chain.ts';
import { until } from '../until.ts';

// Whoever holds the pool's key can claim any work. Each row claims what was not done, signed as the pool signs, and is
// never paid; beside it an honest batch of the same template is.

const HOUR_S = 3_600;
const nowS = () => Math.floor(Date.now() / 1_000);

let hostile: HostileStack;
let template: TemplateDeclared;

beforeAll(async () => {
  hostile = await startHostileStack();
  template = await hostile.pool.declare(await hostile.honestParts());
});

afterAll(() => hostile.stop());

/** An honest batch of another miner on the same template, which is paid and minted. */
async function controlIsPaid(on: TemplateDeclared = template): Promise<void> {
  const miner = hostile.newMiner();
  await isPaid(hostile, { miner, batch: await hostile.honestBatch(miner, on) });
}

/** Rows with what their titles say. */
const named = <T extends { code: string; defect: string }>(rows: readonly T[]) =>
  rows.map((row): [string, string, T] => [row.code, row.defect, row]);

interface ShareDefect {
  readonly code: string;
  readonly defect: string;
  /** A share that is no work on the template. */
  share(miner: HostileMiner): Share | Promise<Share>;
}

const SHARE_DEFECTS: readonly ShareDefect[] = [
  {
    code: 'SHARE_ABOVE_TARGET',
    defect: 'its hash is above the target',
    share: (miner) => hostile.mine(miner, template, { hash: 'misses' }),
  },
  {
    code: 'SHARE_PREV_MISMATCH',
    defect: 'it was mined on another parent',
    share: (miner) => hostile.mine(miner, template, { prevHash: Buffer.alloc(32, 7) }),
  },
  {
    code: 'SHARE_BITS_MISMATCH',
    defect: 'it was mined at other bits',
    share: (miner) => hostile.mine(miner, template, { bits: template.bits - 1 }),
  },
  {
    code: 'SHARE_MERKLE_ROOT',
    defect: 'it was mined on another template of the same parent',
    share: async (miner) => hostile.mine(miner, await hostile.pool.declare(await hostile.honestParts())),
  },
  {
    code: 'SHARE_VERSION_BITS',
    defect: 'it rolled a version bit outside the mask',
    share: (miner) => hostile.mine(miner, template, { version: template.version + 1 }),
  },
  {
    code: 'SHARE_NTIME',
    defect: 'its time is before the earliest that a block may have',
    share: (miner) => hostile.mine(miner, template, { ntime: template.minNtime - 1 }),
  },
  {
    code: 'SHARE_NTIME',
    defect: 'its time is more than two hours ahead',
    share: (miner) => hostile.mine(miner, template, { ntime: nowS() + 2 * HOUR_S + 60 }),
  },
  {
    code: 'SHARE_EXTRANONCE_SIZE',
    defect: 'its extranonce is too short',
    share: (miner) => hostile.mine(miner, template, { extranonce: Buffer.alloc(11, 1) }),
  },
  {
    code: 'SHARE_EXTRANONCE_OWNER',
    defect: 'its extranonce was given to another miner',
    share: async (miner) => {
      const owner = hostile.newMiner();
      await isPaid(hostile, { miner: owner, batch: await hostile.honestBatch(owner, template) });
      return hostile.mine({ ...miner, prefix: owner.prefix }, template);
    },
  },
  {
    code: 'SHARE_DUPLICATE',
    defect: 'it was paid in an earlier batch',
    share: async (miner) => {
      const batch = await hostile.honestBatch(miner, template, 1);
      await isPaid(hostile, { miner, batch });
      return batch.shares[0] ?? hostile.mine(miner, template);
    },
  },
];

describe('a share', () => {
  it.each(named(SHARE_DEFECTS))('is never paid: %s, %s', async (code, _, { share }) => {
    const miner = hostile.newMiner();
    const batch = hostile.pool.batch(miner, template, [await share(miner)]);
    await hostile.pool.publish(batch);
    await Promise.all([isNeverPaid(hostile, { miner, batch }, 'NO_VALID_SHARE'), controlIsPaid()]);
    expect((await hostile.verdict(batch)).excluded).toEqual([{ index: 0, code }]);
  });

  it.each(named(SHARE_DEFECTS))(
    'does not cost the miner the good ones beside it: %s, %s',
    async (code, _, { share }) => {
      const miner = hostile.newMiner();
      const shares = [hostile.mine(miner, template), await share(miner), hostile.mine(miner, template)];
      const batch = hostile.pool.batch(miner, template, shares);
      await hostile.pool.publish(batch);
      await isPaid(hostile, { miner, batch }, { code: 'OK_PARTIAL', credited: (batch.creditSum * 2n) / 3n });
      expect((await hostile.verdict(batch)).excluded).toEqual([{ index: 1, code }]);
    },
  );

  it('that is repeated in its batch is paid once', async () => {
    const miner = hostile.newMiner();
    const share = hostile.mine(miner, template);
    const batch = hostile.pool.batch(miner, template, [share, share, share]);
    await hostile.pool.publish(batch);
    await isPaid(hostile, { miner, batch }, { code: 'OK_PARTIAL', credited: batch.creditSum / 3n });
    const repeats = [1, 2].map((index) => ({ index, code: 'SHARE_DUPLICATE' }));
    expect((await hostile.verdict(batch)).excluded).toEqual(repeats);
    await controlIsPaid();
  });
});

interface BatchDefect {
  readonly code: string;
  readonly defect: string;
  readonly keepRoot?: true;
  change(batch: BatchAccepted): BatchAccepted;
}

const doubled = (share: Share) => ({ ...share, credit: 2n * share.credit });

const BATCH_DEFECTS: readonly BatchDefect[] = [
  {
    code: 'CREDIT_MISMATCH',
    defect: 'every share is credited twice its work',
    change: (batch) => ({ ...batch, shares: batch.shares.map(doubled), creditSum: 2n * batch.creditSum }),
  },
  {
    code: 'CREDIT_MISMATCH',
    defect: 'the sum is more than the credits',
    change: (batch) => ({ ...batch, creditSum: batch.creditSum + 1n }),
  },
  {
    code: 'CREDIT_MISMATCH',
    defect: 'it claims as much as a quote can hold',
    change: (batch) => ({ ...batch, creditSum: 2n ** 53n - 1n }),
  },
  {
    code: 'CREDIT_MISMATCH',
    defect: 'it carries more work on than is left over',
    change: (batch) => ({ ...batch, carryOut: batch.carryOut + 1n }),
  },
  {
    code: 'CARRY_MISMATCH',
    defect: 'it brings in work that no batch left over',
    change: (batch) => ({ ...batch, carryIn: 5n, carryOut: 5n }),
  },
  {
    code: 'SHARES_ROOT_MISMATCH',
    defect: 'its root is of other shares',
    keepRoot: true,
    change: (batch) => ({ ...batch, sharesRoot: Buffer.alloc(32, 1) }),
  },
  {
    code: 'BATCH_SHAPE',
    defect: 'an ehash is less work than configured',
    change: (batch) => ({ ...batch, creditShift: batch.creditShift - 1 }),
  },
];

describe('a batch as a whole', () => {
  it.each(named(BATCH_DEFECTS))('is never paid: %s, %s', async (code, _, { change, keepRoot = false }) => {
    const miner = hostile.newMiner();
    const shares = [hostile.mine(miner, template), hostile.mine(miner, template)];
    const batch = hostile.pool.batch(miner, template, shares, change, { keepRoot });
    await hostile.pool.publish(batch);
    await Promise.all([isNeverPaid(hostile, { miner, batch }, code), controlIsPaid()]);
  });

  it('is never paid: KEY_SEQ_REUSED, another batch of the key has its number', async () => {
    const miner = hostile.newMiner();
    const first = await hostile.honestBatch(miner, template);
    await isPaid(hostile, { miner, batch: first });
    const again = { keySeq: first.keySeq, carryIn: first.carryIn, carryOut: first.carryOut };
    const batch = hostile.pool.batch(miner, template, [hostile.mine(miner, template)], (honest) => ({
      ...honest,
      ...again,
    }));
    await hostile.pool.publish(batch);
    await Promise.all([isNeverPaid(hostile, { miner, batch }, 'KEY_SEQ_REUSED'), controlIsPaid()]);
  });

  it('waits, unpaid, for the batch before it, and is paid after that one', async () => {
    const miner = hostile.newMiner();
    const first = hostile.pool.batch(miner, template, [hostile.mine(miner, template)]);
    const second = await hostile.honestBatch(miner, template);
    await mintsNothing(hostile, miner, await hostile.quoteIn(second, 'QUOTE_STATE_PENDING'));
    await controlIsPaid();
    await mintsNothing(hostile, miner, await hostile.quoteIn(second, 'QUOTE_STATE_PENDING'));
    await hostile.pool.publish(first);
    for (const batch of [first, second]) await isPaid(hostile, { miner, batch });
  });

  it('waits, unpaid, for a template that nobody declared, and is paid after it was judged', async () => {
    const parts = await hostile.honestParts();
    const miner = hostile.newMiner();
    const batch = await hostile.honestBatch(miner, hostile.pool.build(parts).declared);
    await controlIsPaid();
    await mintsNothing(hostile, miner, await hostile.quoteIn(batch, 'QUOTE_STATE_PENDING'));
    await hostile.pool.declare(parts);
    await isPaid(hostile, { miner, batch });
  });
});

describe('a share of a minute ago', () => {
  it('is never paid when a block came in between: SHARE_STALE', async () => {
    const old = await hostile.pool.declare(await hostile.honestParts());
    expect(await hostile.template(old)).toMatchObject({ code: 'OK' });
    await extendChain(hostile.node, 1);
    const tips = hostile.stack.database('auditor').collection('tips');
    const prev = old.prevHash.toString('hex');
    await until(
      () => tips.countDocuments({ prev }),
      (seen) => seen === 1,
      30_000,
    );
    const miner = hostile.newMiner();
    const late = hostile.mine(miner, old, { acceptedAtMs: Date.now() + 45_000 });
    const batch = hostile.pool.batch(miner, old, [late]);
    await hostile.pool.publish(batch);
    await isNeverPaid(hostile, { miner, batch }, 'NO_VALID_SHARE');
    expect((await hostile.verdict(batch)).excluded).toEqual([{ index: 0, code: 'SHARE_STALE' }]);
    await controlIsPaid(old);
  });
});

describe('a second content under the id of a batch', () => {
  it('changes nothing of the first, and nobody mints until an operator has looked', async () => {
    const miner = hostile.newMiner();
    const first = await hostile.honestBatch(miner, template);
    const quote = await hostile.quoteIn(first, 'QUOTE_STATE_PAID');
    const other = sealBatch({ ...first, keySeq: 7n }, hostile.pool.poolSecret);
    await hostile.pool.publish(other, { messageId: 'other content' });
    expect(await hostile.deadLetter('mint', rawOf(other))).toMatchObject({ code: 'BATCH_CONFLICT' });
    expect(await hostile.quote(first)).toEqual(quote);
    await until(
      () => hostile.mint(miner, quote, 1n).then(Number, (refusal: { code?: number }) => refusal.code),
      (code) => code === 20_003,
      30_000,
    );
    const breachId = `B14:${first.poolId}/${first.batchId}`;
    await expect(hostile.resume('too early')).rejects.toMatchObject({ reason: 'REQUEST_INVALID' });
    await expect(hostile.resume('too-early')).rejects.toMatchObject({ reason: 'BREACH_OPEN' });
    await hostile.acknowledge(breachId, 'mended');
    await until(
      () => hostile.resume('go-on').catch((refusal: { reason?: string }) => refusal.reason),
      (answer) => answer !== 'BREACH_OPEN',
      30_000,
    );
    await isPaid(hostile, { miner, batch: first });
    expect(await hostile.batch(other)).toMatchObject({ accepted: { keySeq: first.keySeq } });
  });
});
