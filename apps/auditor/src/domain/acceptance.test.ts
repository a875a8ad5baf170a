import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { concat, fromHex, lp, reversed, toHex, u8, u64, utf8 } from '@assay/shared/kernel/bytes';
import { doubleSha256, sha256 } from '@assay/shared/kernel/hash';
import { schnorrVerify } from '@assay/shared/kernel/schnorr';
import { type Batch, batchHashOf, sharesRootOf } from './batch.ts';
import { deriveShares, judgeShares, ruleOnShares } from './check-shares.ts';
import { creditsOf, workOf } from './credit.ts';
import { merkleTreeRoot } from './merkle-tree.ts';
import { luckOfShares } from './statistics/luck.ts';
import { SOURCE_POOL, type Template, templateIdOf } from './template.ts';
import { batchVerdictHash, templateVerdictHash } from './verdict.ts';

const vectors = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../../vectors/work/${name}.json`, import.meta.url), 'utf8'));

const a1 = vectors('auditor-difficulty-1-share');
const header80 = fromHex(a1.share.header80);
const template: Template = {
  templateId: fromHex(a1.template.templateId),
  poolId: a1.template.poolId,
  source: SOURCE_POOL,
  declaredBy: new Uint8Array(0),
  version: 0x2000_0000,
  versionMask: 0x1fff_e000,
  prevHash: header80.subarray(4, 36),
  bits: 0x1d00_ffff,
  height: a1.template.height,
  minNtime: a1.template.minNtime,
  coinbasePrefix: fromHex(a1.template.coinbasePrefix),
  coinbaseSuffix: fromHex(a1.template.coinbaseSuffix),
  extranonceSize: 1,
  extranoncePrefixSize: 1,
  merkleBranch: [],
  txCount: 0,
  bodyBytes: 0n,
  bodyHash: new Uint8Array(32),
};
const shares = [
  {
    header80,
    extranonce: fromHex(a1.share.extranonce),
    credit: 1n,
    acceptedAtMs: BigInt(a1.share.acceptedAtMs),
  },
];
const batch: Batch = {
  batchId: a1.batch.batchId,
  poolId: a1.template.poolId,
  lockingKey: fromHex(a1.batch.lockingKey),
  keySeq: 1n,
  templateId: template.templateId,
  assignedTarget: fromHex(a1.batch.assignedTarget),
  creditShift: 32,
  carryIn: 0n,
  carryOut: BigInt(a1.batch.carryOut),
  creditSum: 1n,
  shares,
  sharesRoot: fromHex(a1.batch.sharesRoot),
  batchHash: fromHex(a1.batch.batchHash),
  poolSignature: new Uint8Array(64),
};
const shareRules = { ntimeAheadS: 7_200, staleGraceMs: 30_000 };
const noFacts = {
  ...{ owners: new Map<string, string>(), childSeenMs: undefined, judgedAtMs: 0 },
  creditedElsewhere: new Set<string>(),
};
const judge = (judged: Batch) =>
  judgeShares(deriveShares(judged, template, shareRules), noFacts, a1.batch.lockingKey, shareRules);

describe('A1: a real difficulty-1 share', () => {
  it('has the template id, shares root and batch hash of the specification', () => {
    expect(toHex(templateIdOf(template))).toBe(a1.template.templateId);
    expect(toHex(sharesRootOf(shares))).toBe(a1.batch.sharesRoot);
    expect(toHex(batchHashOf(batch))).toBe(a1.batch.batchHash);
  });

  it('has the work, credit, carry and luck of the specification', () => {
    const work = workOf(batch.assignedTarget);
    expect(work).toBe(BigInt(a1.batch.work));
    const { credits, carryOut } = creditsOf({ carryIn: 0n, work, shift: 32, count: 1 });
    expect({ credits, carryOut }).toEqual({ credits: [1n], carryOut: batch.carryOut });
    const hash = doubleSha256(header80);
    expect(toHex(reversed(hash))).toBe(a1.share.displayHash);
    expect(luckOfShares([hash], batch.assignedTarget)).toEqual({ shares: 1n, sum: BigInt(a1.share.luck) });
  });

  it('is judged OK, and above a target four times harder SHARE_ABOVE_TARGET', () => {
    expect(ruleOnShares(batch, judge(batch))).toMatchObject({ result: 'VALID', code: 'OK', credited: 1n });
    expect(judge({ ...batch, assignedTarget: fromHex(a1.harderTarget) })).toEqual(['SHARE_ABOVE_TARGET']);
  });

  it('has the verdict hashes of the specification', () => {
    const { code, decidedAtMs, verdictHash } = a1.batchVerdict;
    const verdict = { result: 'VALID', code, decidedAtMs } as const;
    expect(toHex(batchVerdictHash({ ...verdict, batchHash: batch.batchHash, credited: 1n, excluded: [] }))).toBe(
      verdictHash,
    );
    const judged = { ...verdict, decidedAtMs: a1.templateVerdict.decidedAtMs };
    const { templateId, declaredBy } = template;
    expect(toHex(templateVerdictHash({ ...judged, templateId, declaredBy }))).toBe(a1.templateVerdict.verdictHash);
  });

  it('has leaves whose hashes are the verdict hashes, and the tree and head over both of the specification', () => {
    const { batchVerdict, templateVerdict, log } = a1;
    const at = ({ decidedAtMs, code }: { decidedAtMs: number; code: string }) => [u64(BigInt(decidedAtMs)), lp(code)];
    const templateLeaf = concat(
      ...[utf8('assay/template-verdict/v1'), template.templateId, u8(1), ...at(templateVerdict), lp('')],
    );
    const head = concat(utf8('assay/verdict/v1'), batch.batchHash, u8(1), u64(1n));
    const batchLeaf = concat(head, ...at(batchVerdict), merkleTreeRoot([]));
    expect([templateLeaf, batchLeaf].map((leaf) => toHex(sha256(leaf)))).toEqual([
      ...[templateVerdict.verdictHash, batchVerdict.verdictHash],
    ]);
    expect([templateLeaf, batchLeaf].map((leaf) => toHex(merkleTreeRoot([leaf])))).toEqual(log.leafHashes);
    const root = merkleTreeRoot([templateLeaf, batchLeaf]);
    expect(toHex(root)).toBe(log.root);
    const treeHead = concat(utf8('assay/sth/v1'), lp(log.logId), u64(2n), u64(BigInt(log.timestampMs)), root);
    expect(toHex(sha256(treeHead))).toBe(log.headDigest);
  });
});

describe('A2: the carry', () => {
  it.each(vectors('auditor-carry').cases as Record<string, string>[])('of $count shares at $target', (wanted) => {
    const work = workOf(fromHex(wanted['target'] ?? ''));
    const count = Number(wanted['count']);
    expect(String(work)).toBe(wanted['work'] ?? String(work));
    const { creditSum, carryOut } = creditsOf({ carryIn: BigInt(wanted['carryIn'] ?? 0), work, shift: 32, count });
    expect({ creditSum, carryOut }).toEqual({
      creditSum: BigInt(wanted['creditSum'] ?? 0),
      carryOut: BigInt(wanted['carryOut'] ?? 0),
    });
  });
});

describe('A3: the tree over leaves', () => {
  const { leaves, roots, inclusion } = vectors('auditor-merkle-tree') as {
    leaves: string[];
    roots: string[];
    inclusion: { leaf: number; size: number; path: string[] };
  };
  it.each(roots.map((root, index) => [index + 1, root] as const))('of size %i has its root', (size, root) => {
    expect(toHex(merkleTreeRoot(leaves.slice(0, size).map(fromHex)))).toBe(root);
  });

  it('holds leaf 2 in size 3 by the root of size 2', () => {
    const leafHash = sha256(concat(u8(0), fromHex(leaves[inclusion.leaf] ?? '')));
    const [sibling = ''] = inclusion.path;
    expect(inclusion.path).toEqual([roots[1]]);
    expect(toHex(sha256(concat(u8(1), fromHex(sibling), leafHash)))).toBe(roots[inclusion.size - 1]);
  });
});

interface Seal {
  creditShift: number;
  keySeq: string;
  carryIn: string;
  credits: string[];
  carryOut: string;
  batchHash: string;
  signature?: string;
}

describe('01-pool A2: a batch of three shares', () => {
  const given = vectors('pool-batch');
  const job = vectors('pool-job-and-shares');
  const poolShares = job.shares.map((share: Record<string, string>, index: number) => ({
    header80: fromHex(share['header80'] ?? ''),
    extranonce: fromHex(job.extranoncePrefix + (share['extranonce2'] ?? '')),
    ntime: Number.parseInt(share['ntime'] ?? '', 16),
    index,
  }));

  it.each(given.seals as Seal[])('sealed at credit shift $creditShift', (seal) => {
    const work = workOf(fromHex(job.target));
    const { creditShift: shift, keySeq, carryIn } = seal;
    const recomputed = creditsOf({ carryIn: BigInt(carryIn), work, shift, count: 3 });
    expect(recomputed.credits.map(String)).toEqual(seal.credits);
    const sealed = poolShares.map((share: { ntime: number; index: number }) => ({
      ...share,
      credit: recomputed.credits[share.index],
      acceptedAtMs: BigInt(share.ntime * 1_000 + 250),
    }));
    const hash = batchHashOf({
      ...batch,
      ...{ batchId: given.batchId, poolId: job.poolId, lockingKey: fromHex(given.lockingKey) },
      ...{ keySeq: BigInt(keySeq), carryIn: BigInt(carryIn), creditShift: shift },
      ...{ templateId: fromHex(job.templateId), assignedTarget: fromHex(job.target) },
      ...{ creditSum: recomputed.creditSum, carryOut: recomputed.carryOut },
      ...{ shares: sealed, sharesRoot: sharesRootOf(sealed) },
    });
    expect(recomputed.carryOut).toBe(BigInt(seal.carryOut));
    expect(toHex(hash)).toBe(seal.batchHash);
    const { signature } = seal;
    if (signature !== undefined) expect(schnorrVerify(fromHex(signature), hash, fromHex(given.poolKey))).toBe(true);
  });
});
