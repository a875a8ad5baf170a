import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VerdictGiven } from '@assay/proto/gen/assay/auditor/v1/events';
import { unixMs } from '@assay/shared/kernel/clock';
import { fromHex, toHex } from '@assay/shared/kernel/bytes';
import { publicKeyOf, xOnlyPublicKeyOf } from '@assay/shared/kernel/schnorr';
import { FakeClock } from '@assay/testkit/fake-clock';
import { mineShare, nextBatch, sealBatch, shareHash } from '@assay/testkit/hostile-batch';
import { buildTemplate, honestParts, randomTransaction } from '@assay/testkit/hostile-template';
import { type TestDatabase, testDatabase } from '@assay/testkit/mongo';
import { ensureAuditorDatabase } from '../src/adapters/mongo/stores.ts';
import type { PoolRules } from '../src/ports.ts';
import { auditThrough, type Fact } from './mortal-auditor.ts';

const POOL = 'pool-1';
const CREDIT_SHIFT = 4;
const POOL_SECRET = randomBytes(32);
const SCRIPT = fromHex(`0014${'ab'.repeat(20)}`);
const RULES: PoolRules = {
  poolId: POOL,
  poolKey: xOnlyPublicKeyOf(POOL_SECRET),
  creditShift: CREDIT_SHIFT,
  maxTarget: new Uint8Array(32).fill(0xff),
  mode: 'pool-only',
  versionMask: 0x1fff_e000,
  scripts: new Set([toHex(SCRIPT)]),
  minPoolPpm: 1_000_000,
};
const template = buildTemplate({
  ...honestParts({ poolId: POOL, script: SCRIPT }),
  transactions: [randomTransaction('witness')],
});
const [one, two, three, four] = Array.from({ length: 4 }, () => mineShare(template.declared));

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await ensureAuditorDatabase(database.db);
});
afterAll(() => database.drop());

type Shares = Parameters<typeof nextBatch>[1]['shares'];

/** Batches of one key, in their order. */
function batchesOf(batches: readonly Shares[]) {
  const lockingKey = publicKeyOf(randomBytes(32));
  let head = { keySeq: 0n, carry: 0n };
  return batches.map((shares) => {
    const parts = { poolId: POOL, lockingKey, template: template.declared, shares };
    const batch = nextBatch(head, parts, { creditShift: CREDIT_SHIFT });
    head = { keySeq: batch.keySeq, carry: batch.carryOut };
    return sealBatch(batch, POOL_SECRET);
  });
}

/** Successor first, template last; then a share once more, and the extranonce of one key in another's batch. */
function eventfulStages(): Fact[][] {
  if (!one || !two || !three || !four) throw new Error('no shares');
  const [first, second, third] = batchesOf([[one], [two], [one, three]]);
  const [foreign] = batchesOf([[four]]);
  if (!first || !second || !third || !foreign) throw new Error('no batches');
  const early = [{ batch: second }, { batch: first }, { template }];
  return [early, [{ batch: foreign }, { batch: third }]];
}

/** What must not depend on crashes: everything but the moment of the decision. */
function essence(told: readonly VerdictGiven[]) {
  const given = told.map(({ batchId, result, code, declared, credited, excluded, late, nodeAnswers, revision }) =>
    JSON.stringify({
      batchId,
      result,
      code,
      excluded,
      late,
      nodeAnswers,
      revision,
      declared: `${declared}/${credited}`,
    }),
  );
  return [...new Set(given)].sort();
}

/** One life of the auditor on an empty database. */
async function live(stages: readonly Fact[][], at: number) {
  const { db } = database;
  for (const { name } of await db.listCollections().toArray()) await db.collection(name).deleteMany({});
  const points = { effects: 0, at, reached: '' };
  const clock = new FakeClock(unixMs(Date.now()));
  const begunAtMs = clock.now();
  const world = { db, clock, rules: RULES, template };
  const told = await auditThrough(world, stages, points);
  const stored = await db.collection<{ _id: string; credited: string[] }>('batches').find().toArray();
  const owners = await db.collection('extranonceOwners').countDocuments();
  const verdicts = new Set(told.map(({ verdictHash }) => toHex(verdictHash))).size;
  const credited = stored.flatMap((batch) => batch.credited);
  return { ...points, essence: essence(told), credited, owners, verdicts, tookMs: clock.now() - begunAtMs };
}

describe('an auditor that ends after any of its commits, publishes and acks', () => {
  it('is followed by one that gives every batch the same verdict, once, within a minute', async () => {
    const stages = eventfulStages();
    const whole = await live(stages, 0);
    expect(whole.essence.join()).toContain('SHARE_EXTRANONCE_OWNER');
    expect(whole.essence.join()).toContain('SHARE_DUPLICATE');
    const reached = new Set<string>();
    for (let at = 1; at <= whole.effects; at += 1) {
      const crashed = await live(stages, at);
      reached.add(crashed.reached);
      const { essence: verdicts, credited, owners } = crashed;
      const after = `effect ${at}, ${crashed.reached}`;
      expect({ after, verdicts, owners }).toEqual({ after, verdicts: whole.essence, owners: 1 });
      expect({ after, given: crashed.verdicts }).toEqual({ after, given: 4 });
      expect(crashed.tookMs, after).toBeLessThanOrEqual(60_000);
      expect(credited.sort()).toEqual([one, two, three].flatMap((share) => (share ? [shareHash(share)] : [])).sort());
    }
    const effects = ['insert', 'publish', 'remove', 'ack', 'take', 'claim', 'settle', 'hold', 'enqueued'];
    expect(effects.filter((effect) => !reached.has(effect))).toEqual([]);
  }, 240_000);
});
