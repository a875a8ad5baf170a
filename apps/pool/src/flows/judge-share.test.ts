import { beforeEach, describe, expect, it } from 'vitest';
import { unixMs } from '@assay/shared/kernel/clock';
import { FakeClock } from '@assay/testkit/fake-clock';
import { JOB_VECTOR, knownTemplate, LOCKING_KEY, sentJob } from '../../test/known-work.ts';
import { nodeHasher } from '../adapters/hashing/node-hasher.ts';
import type { JudgeConnection } from '../domain/judge.ts';
import type { ShareRefusal, Worker } from '../domain/share.ts';
import { createShareSet } from '../domain/share-set.ts';
import type { BlockCandidate } from '../ports.ts';
import { createShareJudge, type ShareJudge, type ShareResult } from './judge-share.ts';
import type { StoreOutcome } from './pending-shares.ts';

const TEMPLATE = knownTemplate();
const WORKER: Worker = { lockingKey: LOCKING_KEY, name: 'rig1' };
const NOW = unixMs(JOB_VECTOR.template.minNtime * 1000 + 1_000_000);
const SENT = sentJob(JOB_VECTOR.k, 1, NOW);
const [S1] = JOB_VECTOR.shares;
const PARAMS = ['me', SENT.job.id, S1?.extranonce2, S1?.ntime, S1?.nonce, S1?.versionBits];

let outcome: StoreOutcome;
let tip: string;
let hit: boolean;
let candidates: BlockCandidate[];
let counted: string[];
let told: string[];
let judge: ShareJudge;

const connection: JudgeConnection = {
  subscribed: true,
  worker: (username) => (username === 'me' ? WORKER : undefined),
  sentJob: (id) => (id === SENT.job.id ? SENT : undefined),
};

beforeEach(() => {
  outcome = 'stored';
  tip = TEMPLATE.prevHashHex;
  hit = false;
  candidates = [];
  counted = [];
  told = [];
  const hashShare = nodeHasher();
  judge = createShareJudge(
    {
      clock: new FakeClock(NOW),
      hashShare: (...share) => {
        const hash = hashShare(...share);
        return hit ? Uint8Array.from(TEMPLATE.networkTarget).reverse() : hash;
      },
      writer: {
        submit: async () => outcome,
        pending: () => 0,
        failingSince: () => undefined,
        storeAnswered: () => undefined,
        tick: () => undefined,
        drain: async () => undefined,
      },
      seen: createShareSet(1_000),
      refusals: { tell: ({ name }, reason) => void told.push(`${name} ${reason}`) },
      counts: {
        join: async () => undefined,
        accepted: ({ name }, k) => void counted.push(`${name} accepted ${k}`),
        refused: ({ name }, reason) => void counted.push(`${name} ${reason}`),
        flush: async () => undefined,
      },
      submitCandidate: (candidate) => void candidates.push(candidate),
      tip: () => ({ prevHash: tip, changedAt: NOW }),
      hasFreshTemplate: () => true,
      isInvalid: () => false,
    },
    { jobTtlMs: 600_000, staleGraceMs: 2_000, ntimeAheadS: 7_000, maxPendingShares: 50_000 },
  );
});

const refused = (reason: ShareRefusal): ShareResult => ({ accepted: false, reason, worker: WORKER });

describe('a share', () => {
  it('is accepted when it is stored, and again is a duplicate', async () => {
    expect(await judge(connection, PARAMS)).toEqual({ accepted: true, worker: WORKER, k: JOB_VECTOR.k });
    expect(await judge(connection, PARAMS)).toEqual(refused('duplicate'));
    expect(counted).toEqual(['rig1 accepted -8', 'rig1 duplicate']);
    expect(told).toEqual(['rig1 duplicate']);
  });

  it('is a duplicate while the first one is under way', async () => {
    expect(await Promise.all([judge(connection, PARAMS), judge(connection, PARAMS)])).toEqual([
      { accepted: true, worker: WORKER, k: JOB_VECTOR.k },
      refused('duplicate'),
    ]);
  });

  it.each<StoreOutcome>(['duplicate', 'not-stored'])('is refused %s when the store says so', async (said) => {
    outcome = said;
    expect(await judge(connection, PARAMS)).toEqual(refused(said === 'stored' ? 'not-stored' : said));
  });

  it('is refused without a worker when nobody knows whose it is', async () => {
    expect(await judge(connection, [])).toEqual({ accepted: false, reason: 'malformed' });
    expect(counted).toEqual([]);
  });

  it('that meets the network target is submitted whether it is accepted or stale', async () => {
    hit = true;
    expect(await judge(connection, PARAMS)).toMatchObject({ accepted: true });
    tip = 'another';
    expect(await judge(connection, PARAMS)).toEqual(refused('stale'));
    expect(candidates.map(({ lockingKey, worker, extranonce }) => [lockingKey, worker, extranonce.length])).toEqual([
      [LOCKING_KEY, 'rig1', 12],
      [LOCKING_KEY, 'rig1', 12],
    ]);
  });
});
