import { beforeEach, describe, expect, it } from 'vitest';
import { bigintToBytes, reversed, toHex } from '@assay/shared/kernel/bytes';
import { unixMs } from '@assay/shared/kernel/clock';
import { JOB_VECTOR, knownTemplate, LOCKING_KEY, readVector, sentJob } from '../../test/known-work.ts';
import { nodeHasher } from '../adapters/hashing/node-hasher.ts';
import type { SentJob } from './job.ts';
import { type JudgeConnection, type JudgeContext, type Judgement, type JudgeRules, judgeShare } from './judge.ts';
import { headerOf, SHARE_REFUSALS, type ShareRefusal } from './share.ts';

const TEMPLATE = knownTemplate();
const WORKER = { lockingKey: LOCKING_KEY, name: 'rig1' };
const NOW = unixMs(JOB_VECTOR.template.minNtime * 1000 + 1_000_000);
const RULES: JudgeRules = { jobTtlMs: 600_000, staleGraceMs: 2_000, ntimeAheadS: 7_000, maxPendingShares: 50_000 };
const [S1, S2, S3] = JOB_VECTOR.shares;

let context: JudgeContext;
let jobs: Map<string, SentJob>;
let connection: JudgeConnection;

beforeEach(() => {
  context = {
    now: NOW,
    tip: { prevHash: TEMPLATE.prevHashHex, changedAt: unixMs(NOW - 60_000) },
    freshTemplate: true,
    isInvalid: () => false,
    isSeen: () => false,
    pendingShares: 0,
    hashShare: nodeHasher(),
  };
  const sent = sentJob(JOB_VECTOR.k, 1, unixMs(NOW - 30_000));
  jobs = new Map([[sent.job.id, sent]]);
  connection = {
    subscribed: true,
    worker: (name) => (name === 'me' ? WORKER : undefined),
    sentJob: (id) => jobs.get(id),
  };
});

function paramsOf(share: (typeof JOB_VECTOR.shares)[number] | undefined, jobId = [...jobs.keys()][0]): unknown[] {
  if (share === undefined) throw new Error('no such share');
  return ['me', jobId, share.extranonce2, share.ntime, share.nonce, share.versionBits];
}

function judged(params: readonly unknown[], changed: Partial<JudgeContext> = {}): Judgement {
  return judgeShare({ ...context, ...changed }, RULES, connection, params);
}

function reasonOf(judgement: Judgement): ShareRefusal | 'accepted' {
  return judgement.accepted ? 'accepted' : judgement.reason;
}

describe('the shares of example A1', () => {
  it.each(JOB_VECTOR.shares)('$name is accepted with its header and its hash', (share) => {
    const judgement = judged(paramsOf(share));
    if (!judgement.accepted) throw new Error(judgement.reason);
    expect(toHex(headerOf(judgement.share.record))).toBe(share.header80);
    expect(toHex(reversed(judgement.share.hash))).toBe(share.displayHash);
    expect(judgement.share).toMatchObject({ worker: WORKER, k: JOB_VECTOR.k, acceptedAt: NOW });
    expect(toHex(judgement.share.record.subarray(80))).toBe(
      `${JOB_VECTOR.extranoncePrefix}${share.extranonce2}${NOW.toString(16).padStart(16, '0')}`,
    );
    expect(judgement.hashed.candidate).toBe(false);
  });

  it('S1 is low-difficulty and S3 accepted on a job of k −7', () => {
    const harder = sentJob(-7, 2, NOW);
    jobs.set(harder.job.id, harder);
    expect(reasonOf(judged(paramsOf(S1, harder.job.id)))).toBe('low-difficulty');
    expect(reasonOf(judged(paramsOf(S3, harder.job.id)))).toBe('accepted');
  });

  it('S2 is refused version-bits without configure, and S1 accepted with or without the parameter', () => {
    const sent = { ...sentJob(JOB_VECTOR.k, 3, NOW), versionMask: 0 };
    jobs.set(sent.job.id, sent);
    expect(reasonOf(judged(paramsOf(S2, sent.job.id)))).toBe('version-bits');
    expect(reasonOf(judged(paramsOf(S1, sent.job.id)))).toBe('accepted');
    expect(reasonOf(judged(paramsOf(S1, sent.job.id).slice(0, 5)))).toBe('accepted');
  });
});

const VECTOR = readVector<{
  retarget: { job: string; jobK: number; hashDifficulty: number; creditedK?: number; reason?: string; code?: number }[];
  stale: { msAfterTipChange: number; reason?: string; code?: number; submittedAsBlock: boolean }[];
}>('pool-judging');

/** A hash of exactly this difficulty, as hashed. */
function hashOf(difficulty: number): Uint8Array {
  return reversed(bigintToBytes((0xffffn << 208n) / BigInt(difficulty), 32));
}

describe('a retarget (example A5)', () => {
  it.each(VECTOR.retarget)('a hash of difficulty $hashDifficulty on $job', (row) => {
    const sent = sentJob(row.jobK, row.jobK, NOW);
    jobs.set(sent.job.id, sent);
    const judgement = judged(paramsOf(S1, sent.job.id), { hashShare: () => hashOf(row.hashDifficulty) });
    if (judgement.accepted) expect(judgement.share.k).toBe(row.creditedK);
    else expect([judgement.reason, SHARE_REFUSALS[judgement.reason]]).toEqual([row.reason, row.code]);
    expect(judgement.accepted).toBe(row.reason === undefined);
  });
});

describe('a change of the tip (example A8)', () => {
  it.each(VECTOR.stale)('a share on the old prev_hash $msAfterTipChange ms later', (row) => {
    const tip = { prevHash: 'aa', before: TEMPLATE.prevHashHex, changedAt: unixMs(NOW - row.msAfterTipChange) };
    const judgement = judged(paramsOf(S1), { tip, hashShare: () => reversed(TEMPLATE.networkTarget) });
    expect(judgement.hashed?.candidate).toBe(row.submittedAsBlock);
    if (!judgement.accepted) expect(SHARE_REFUSALS[judgement.reason]).toBe(row.code);
    expect(reasonOf(judgement)).toBe(row.reason ?? 'accepted');
  });

  it('leaves no time to a prev_hash before the last', () => {
    const tip = { prevHash: 'aa', before: 'bb', changedAt: NOW };
    expect(reasonOf(judged(paramsOf(S1), { tip }))).toBe('stale');
  });
});

describe('the first failing check answers', () => {
  const tests: [ShareRefusal, () => Judgement][] = [
    ['not-subscribed', () => judgeShare(context, RULES, { ...connection, subscribed: false }, [])],
    ['malformed', () => judged([])],
    ['malformed', () => judged([...paramsOf(S1), 'more'])],
    ['malformed', () => judged(paramsOf(S1).with(2, '000000000000001'))],
    ['malformed', () => judged(paramsOf(S1).with(3, '0x00ffd0'))],
    ['malformed', () => judged(paramsOf(S1).with(4, 1504430))],
    ['malformed', () => judged(paramsOf(S1).with(5, '0'))],
    ['malformed', () => judged(paramsOf(S1).with(5, null))],
    ['malformed', () => judged(paramsOf(S1).with(0, null))],
    ['malformed', () => judged(paramsOf(S1).with(2, '0000000000000ü01'))],
    ['unauthorized', () => judged(paramsOf(S1).with(0, 'you').with(1, 'ffffffff'))],
    ['job-not-found', () => judged(paramsOf(S1).with(1, 'ffffffff').with(5, 'ffffffff'))],
    ['job-not-found', () => judged(paramsOf(S1), { now: unixMs(NOW - 30_000 + RULES.jobTtlMs) })],
    ['version-bits', () => judged(paramsOf(S1).with(5, '00000001'), { isInvalid: () => true })],
    ['template-invalid', () => judged(paramsOf(S1), { isInvalid: (id) => id === TEMPLATE.id, freshTemplate: false })],
    ['stale', () => judged(paramsOf(S1).with(3, '00000000'), { freshTemplate: false })],
    ['ntime-too-old', () => judged(paramsOf(S1).with(3, '6b00fd77'))],
    ['ntime-too-new', () => judged(paramsOf(S1).with(3, 'ffffffff'))],
    ['low-difficulty', () => judged(paramsOf(S1).with(4, '00000000'), { isSeen: () => true })],
    ['duplicate', () => judged(paramsOf(S1), { isSeen: () => true, pendingShares: 50_000 })],
    ['overloaded', () => judged(paramsOf(S1), { pendingShares: 50_000 })],
  ];
  it.each(tests)('%s', (reason, judge) => expect(reasonOf(judge())).toBe(reason));

  it('a job is good until its TTL, the time of a share from min_ntime to now + 7,000 s', () => {
    expect(reasonOf(judged(paramsOf(S1), { now: unixMs(NOW - 30_000 + RULES.jobTtlMs - 1) }))).toBe('accepted');
    const newest = (Math.floor(NOW / 1000) + 7_000).toString(16).padStart(8, '0');
    expect(reasonOf(judged(paramsOf(S1).with(3, newest)))).toBe('low-difficulty');
    const beyond = (Math.floor(NOW / 1000) + 7_001).toString(16).padStart(8, '0');
    expect(reasonOf(judged(paramsOf(S1).with(3, beyond)))).toBe('ntime-too-new');
  });

  it('hex counts in either case and makes the same share', () => {
    const upper = judged(paramsOf(S1).map((param) => (param === 'me' ? param : String(param).toUpperCase())));
    const known = judged(paramsOf(S1));
    expect(upper.hashed?.hash).toEqual(known.hashed?.hash);
  });
});
