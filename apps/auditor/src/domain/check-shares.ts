import { type Bytes, bytesEqual, reversed, toHex } from '@assay/shared/kernel/bytes';
import { doubleSha256 } from '@assay/shared/kernel/hash';
import type { ShareCode, VerdictCode } from './audit-codes.ts';
import type { Batch, Share } from './batch.ts';
import { coinbaseOf, foldBranch, type Template } from './template.ts';
import type { Excluded, VerdictResult } from './verdict.ts';

export interface ShareRules {
  /** How far a share's time may lie after its acceptance. */
  readonly ntimeAheadS: number;
  /** How long after a new block work on the old one still counts. */
  readonly staleGraceMs: number;
}

/** Credits leave the index so long after the parent of their template was replaced (02-auditor section 6). */
export const CREDITS_KEPT_MS = 90 * 86_400_000;

/** A share with what follows from its own bytes and its template alone. */
export interface DerivedShare {
  /** Double hash of the header, internal order, lower-case hex: its identity. */
  readonly hash: string;
  /** The extranonce's owned part, lower-case hex. */
  readonly prefix: string;
  readonly acceptedAtMs: bigint;
  /** First of S1…S4 that fails. */
  readonly headerFault: ShareCode | undefined;
  /** First of S6, S7 that fails. */
  readonly workFault: ShareCode | undefined;
}

/** What other batches and the chain say; S5, S8, S9 depend on it. */
export interface ShareFacts {
  /** Locking keys (hex) by extranonce prefix (hex), of this template. */
  readonly owners: ReadonlyMap<string, string>;
  /** When a child of the template's parent was first seen; undefined while there is none. */
  readonly childSeenMs: number | undefined;
  readonly judgedAtMs: number;
  /** Share hashes that other batches were credited for. */
  readonly creditedElsewhere: ReadonlySet<string>;
}

/** Hashes every share of a batch once (S1…S4, S6, S7); the batch is well shaped. */
export function deriveShares(batch: Batch, template: Template, rules: ShareRules): DerivedShare[] {
  const littleEndianTarget = reversed(batch.assignedTarget);
  return batch.shares.map((share) => {
    const hash = doubleSha256(share.header80);
    return {
      hash: toHex(hash),
      prefix: toHex(share.extranonce.subarray(0, template.extranoncePrefixSize)),
      acceptedAtMs: share.acceptedAtMs,
      headerFault: checkHeader(share, template, rules),
      workFault: checkWork(share, hash, template, littleEndianTarget),
    };
  });
}

function checkHeader(share: Share, template: Template, rules: ShareRules): ShareCode | undefined {
  const { header80: header } = share;
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  if (!bytesEqual(header.subarray(4, 36), template.prevHash)) return 'SHARE_PREV_MISMATCH';
  if (view.getUint32(72, true) !== template.bits) return 'SHARE_BITS_MISMATCH';
  const strayBits = (view.getUint32(0, true) ^ template.version) & ~template.versionMask;
  if (strayBits !== 0) return 'SHARE_VERSION_BITS';
  const ntime = view.getUint32(68, true);
  const latest = share.acceptedAtMs / 1_000n + BigInt(rules.ntimeAheadS);
  if (ntime < template.minNtime || BigInt(ntime) > latest) return 'SHARE_NTIME';
  return share.extranonce.length === template.extranonceSize ? undefined : 'SHARE_EXTRANONCE_SIZE';
}

function checkWork(share: Share, hash: Bytes, template: Template, littleEndianTarget: Bytes): ShareCode | undefined {
  const root = foldBranch(doubleSha256(coinbaseOf(template, share.extranonce)), template.merkleBranch);
  if (!bytesEqual(share.header80.subarray(36, 68), root)) return 'SHARE_MERKLE_ROOT';
  return isAtMost(hash, littleEndianTarget) ? undefined : 'SHARE_ABOVE_TARGET';
}

/** a ≤ b for little-endian numbers of equal length. */
function isAtMost(a: Bytes, b: Bytes): boolean {
  for (let index = a.length - 1; index >= 0; index -= 1) {
    const [left, right] = [a[index] ?? 0, b[index] ?? 0];
    if (left !== right) return left < right;
  }
  return true;
}

/** First failing code of each share, S1…S9 in their order; undefined where it passes (02-auditor section 4.3). */
export function judgeShares(
  shares: readonly DerivedShare[],
  facts: ShareFacts,
  lockingKey: string,
  rules: ShareRules,
): (ShareCode | undefined)[] {
  const earlier = new Set<string>();
  return shares.map((share) => {
    const owner = facts.owners.get(share.prefix) ?? lockingKey;
    const code =
      share.headerFault ??
      (owner === lockingKey ? undefined : 'SHARE_EXTRANONCE_OWNER') ??
      share.workFault ??
      (isStale(share, facts, rules) ? 'SHARE_STALE' : undefined) ??
      (earlier.has(share.hash) || facts.creditedElsewhere.has(share.hash) ? 'SHARE_DUPLICATE' : undefined);
    earlier.add(share.hash);
    return code;
  });
}

// When it was accepted is the pool's word: without the second rule a share could be credited again once its first credit
// has left the index.
function isStale(share: DerivedShare, { childSeenMs, judgedAtMs }: ShareFacts, rules: ShareRules): boolean {
  if (childSeenMs === undefined) return false;
  return BigInt(childSeenMs + rules.staleGraceMs) < share.acceptedAtMs || judgedAtMs >= childSeenMs + CREDITS_KEPT_MS;
}

export interface BatchRuling {
  readonly result: VerdictResult;
  readonly code: VerdictCode;
  readonly credited: bigint;
  readonly excluded: readonly Excluded[];
}

/** The verdict that the shares' codes amount to; a batch without credit is valid when a share passes. */
export function ruleOnShares(batch: Batch, codes: readonly (ShareCode | undefined)[]): BatchRuling {
  const excluded = codes.flatMap((code, index) => (code === undefined ? [] : [{ index, code }]));
  const out = new Set(excluded.map(({ index }) => index));
  let credited = 0n;
  for (const [index, { credit }] of batch.shares.entries()) if (!out.has(index)) credited += credit;
  const passes = excluded.length < batch.shares.length && (credited >= 1n || batch.creditSum === 0n);
  if (!passes) return { result: 'INVALID', code: 'NO_VALID_SHARE', credited: 0n, excluded };
  return { result: 'VALID', code: excluded.length === 0 ? 'OK' : 'OK_PARTIAL', credited, excluded };
}
