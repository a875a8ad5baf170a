import type { ExcludedShare, Result, VerdictGiven } from '@assay/proto/gen/assay/auditor/v1/events';
import type { BatchAccepted } from '@assay/proto/gen/assay/pool/v1/events';
import { type Bytes, concat, lp, u8, u32, u64, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { schnorrSign, xOnlyPublicKeyOf } from '@assay/shared/kernel/schnorr';
import { treeRoot } from './hostile-batch.ts';

/** What somebody says of a batch, true or not. */
export interface VerdictClaim {
  readonly result: Result;
  readonly code: string;
  readonly credited: bigint;
  readonly excluded: readonly ExcludedShare[];
  /** Instead of the hash of the batch. */
  readonly batchHash: Bytes;
}

/** A verdict whose hash and signature follow from what it says, right or wrong. */
export function signVerdict(batch: BatchAccepted, claim: Partial<VerdictClaim>, secret: Bytes): VerdictGiven {
  const { result = 1, code = 'OK', credited = batch.creditSum, excluded = [], batchHash = batch.batchHash } = claim;
  const decidedAtMs = BigInt(Date.now());
  const verdictHash = sha256(
    concat(
      utf8('assay/verdict/v1'),
      batchHash,
      u8(result),
      ...[credited, decidedAtMs].map(u64),
      lp(code),
      treeRoot(excluded.map((share) => concat(u32(share.index), lp(share.code)))),
    ),
  );
  return {
    batchId: batch.batchId,
    poolId: batch.poolId,
    batchHash: Buffer.from(batchHash),
    templateId: batch.templateId,
    lockingKey: batch.lockingKey,
    result,
    code,
    declared: batch.creditSum,
    credited,
    excluded: [...excluded],
    late: false,
    nodeAnswers: [],
    revision: 0,
    decidedAtMs,
    auditorPubkey: Buffer.from(xOnlyPublicKeyOf(secret)),
    verdictHash: Buffer.from(verdictHash),
    signature: Buffer.from(schnorrSign(verdictHash, secret)),
    atMs: decidedAtMs,
    version: 1n,
  };
}
