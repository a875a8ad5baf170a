import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '@assay/shared/kernel/bytes';
import { publicKeyOf } from '@assay/shared/kernel/schnorr';
import { EASY_TARGET, mineShare, type Mining, nextBatch, shareHash } from '@assay/testkit/hostile-batch';
import { buildTemplate, honestParts, randomTransaction } from '@assay/testkit/hostile-template';
import { SHARE_CODES, type ShareCode } from './audit-codes.ts';
import { deriveShares, judgeShares, ruleOnShares, type ShareFacts } from './check-shares.ts';

const KEY = publicKeyOf(new Uint8Array(32).fill(2));
const OTHER_KEY = toHex(publicKeyOf(new Uint8Array(32).fill(3)));
const RULES = { ntimeAheadS: 7_200, staleGraceMs: 30_000 };
const NOW = 1_795_227_600_000;
const NOW_S = NOW / 1_000;

const { declared: template } = buildTemplate({
  ...honestParts({ poolId: 'hostile-1', script: fromHex('51') }),
  minNtime: NOW_S - 600,
  transactions: [randomTransaction('legacy'), randomTransaction('witness')],
});

interface Case {
  readonly mining?: Mining;
  readonly facts?: Partial<ShareFacts>;
}

function judge(cases: readonly Case[], facts: Partial<ShareFacts> = {}) {
  const shares = cases.map(({ mining }) => mineShare(template, { acceptedAtMs: NOW, ...mining }));
  return judgeMined(shares, facts);
}

function judgeMined(shares: ReturnType<typeof mineShare>[], facts: Partial<ShareFacts> = {}) {
  const parts = { poolId: 'hostile-1', lockingKey: KEY, template, shares };
  const batch = nextBatch({ keySeq: 0n, carry: 0n }, parts, { creditShift: 4 });
  const none = {
    owners: new Map<string, string>(),
    childSeenMs: undefined,
    judgedAtMs: NOW,
    creditedElsewhere: new Set<string>(),
  };
  const codes = judgeShares(deriveShares(batch, template, RULES), { ...none, ...facts }, toHex(KEY), RULES);
  return { codes, ruling: ruleOnShares(batch, codes) };
}

const owned = (prefix: string, key: string) => ({ owners: new Map([[prefix, key]]) });

const bad: [ShareCode, string, Case][] = [
  ['SHARE_PREV_MISMATCH', 'the header has another parent', { mining: { prevHash: new Uint8Array(32) } }],
  ['SHARE_BITS_MISMATCH', 'the header has other bits', { mining: { bits: 0x1d00_fffe } }],
  ['SHARE_VERSION_BITS', 'a version bit outside the mask is rolled', { mining: { version: 0x2000_0001 } }],
  ['SHARE_NTIME', 'the time is before the earliest', { mining: { ntime: NOW_S - 601 } }],
  ['SHARE_NTIME', 'the time is too far ahead of the acceptance', { mining: { ntime: NOW_S + 7_201 } }],
  ['SHARE_EXTRANONCE_SIZE', 'the extranonce is a byte short', { mining: { extranonce: new Uint8Array(11) } }],
  ['SHARE_EXTRANONCE_OWNER', 'the prefix belongs to another key', { facts: owned('00400001', OTHER_KEY) }],
  ['SHARE_MERKLE_ROOT', 'the root follows from no such coinbase', { mining: { root: new Uint8Array(32) } }],
  ['SHARE_ABOVE_TARGET', 'the hash misses the target', { mining: { hash: 'misses' } }],
  ['SHARE_STALE', 'a child of the parent was seen long before', { facts: { childSeenMs: NOW - 30_001 } }],
  [
    ...([
      'SHARE_STALE',
      'it is judged ninety days after a child of the parent was seen, whenever it was accepted',
    ] as const),
    { facts: { childSeenMs: NOW, judgedAtMs: NOW + 90 * 86_400_000 } },
  ],
];

const good: [string, Case][] = [
  ['an honest share', {}],
  ['version bits inside the mask are rolled', { mining: { version: 0x2000_2000 } }],
  ['the earliest time', { mining: { ntime: NOW_S - 600 } }],
  ['the latest time', { mining: { ntime: NOW_S + 7_200 } }],
  ['the prefix belongs to this key', { facts: owned('00400001', toHex(KEY)) }],
  ['another prefix belongs to another key', { facts: owned('00400002', OTHER_KEY) }],
  ['a child of the parent was seen within the grace', { facts: { childSeenMs: NOW - 30_000 } }],
  [
    'it is judged almost ninety days after a child was seen',
    { facts: { childSeenMs: NOW, judgedAtMs: NOW + 90 * 86_400_000 - 1 } },
  ],
];

describe('a share alone (S1…S9)', () => {
  it.each(bad)('%s: %s', (code, _, defect) => {
    expect(judge([defect], defect.facts).codes).toEqual([code]);
  });

  it.each(good)('passes: %s', (_, sound) => {
    expect(judge([sound], sound.facts).codes).toEqual([undefined]);
  });

  it('is refused when the same header stands earlier in the batch', () => {
    const share = mineShare(template, { acceptedAtMs: NOW });
    expect(judgeMined([share, share]).codes).toEqual([undefined, 'SHARE_DUPLICATE']);
  });

  it('is refused when another batch was credited for it', () => {
    const share = mineShare(template, { acceptedAtMs: NOW });
    const creditedElsewhere = new Set([shareHash(share)]);
    expect(judgeMined([share], { creditedElsewhere }).codes).toEqual(['SHARE_DUPLICATE']);
  });

  it('has every code of the table in a case above', () => {
    const covered = new Set([...bad.map(([code]) => code), 'SHARE_DUPLICATE']);
    expect([...covered]).toEqual([...SHARE_CODES]);
  });

  it('is refused for its first fault when it has several', () => {
    const worst = { mining: { prevHash: new Uint8Array(32), root: new Uint8Array(32), hash: 'misses' } } as const;
    expect(judge([worst]).codes).toEqual(['SHARE_PREV_MISMATCH']);
  });
});

describe('the verdict on the shares of a batch', () => {
  const { mining: miss } = { mining: { hash: 'misses' } } as const;

  it('is OK with all credit when every share passes', () => {
    expect(judge([{}, {}]).ruling).toEqual({ result: 'VALID', code: 'OK', credited: 32n, excluded: [] });
  });

  it('leaves out the shares that fail and credits the rest', () => {
    const excluded = [{ index: 1, code: 'SHARE_ABOVE_TARGET' }];
    const ruling = judge([{}, { mining: miss }, {}]).ruling;
    expect(ruling).toEqual({ result: 'VALID', code: 'OK_PARTIAL', credited: 32n, excluded });
  });

  it('is NO_VALID_SHARE when none passes', () => {
    const excluded = [{ index: 0, code: 'SHARE_ABOVE_TARGET' }];
    expect(judge([{ mining: miss }]).ruling).toEqual({
      result: 'INVALID',
      code: 'NO_VALID_SHARE',
      credited: 0n,
      excluded,
    });
  });

  const shares = [mineShare(template, { acceptedAtMs: NOW }), mineShare(template, { acceptedAtMs: NOW })];
  const parts = { poolId: 'hostile-1', lockingKey: KEY, template, shares };

  it('is VALID without credit when the work is all in the carry', () => {
    const batch = nextBatch({ keySeq: 0n, carry: 0n }, parts, { creditShift: 32, target: EASY_TARGET });
    expect(ruleOnShares(batch, [undefined, undefined])).toMatchObject({ result: 'VALID', code: 'OK', credited: 0n });
    const oneOut = ruleOnShares(batch, [undefined, 'SHARE_STALE']);
    expect(oneOut).toMatchObject({ result: 'VALID', code: 'OK_PARTIAL', credited: 0n });
  });

  it('is NO_VALID_SHARE when what passes has no credit although the batch has', () => {
    const batch = nextBatch({ keySeq: 0n, carry: 2n ** 9n - 257n }, parts, { creditShift: 9, target: EASY_TARGET });
    expect(batch.shares.map(({ credit }) => credit)).toEqual([0n, 1n]);
    const ruling = ruleOnShares(batch, [undefined, 'SHARE_STALE']);
    expect(ruling).toMatchObject({ result: 'INVALID', code: 'NO_VALID_SHARE', credited: 0n });
  });
});
