import { type Bytes, concat, lp, u32, u64, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { merkleTreeRoot } from './merkle-tree.ts';

const SHARE_TAG = utf8('assay/share/v1');
const BATCH_TAG = utf8('assay/batch/v1');

export interface Share {
  readonly header80: Bytes;
  readonly extranonce: Bytes;
  readonly credit: bigint;
  readonly acceptedAtMs: bigint;
}

/** A share batch as the pool signed it; nothing about it is trusted yet (02-auditor section 2.1). */
export interface Batch {
  readonly batchId: string;
  readonly poolId: string;
  readonly lockingKey: Bytes;
  readonly keySeq: bigint;
  readonly templateId: Bytes;
  /** Big-endian. */
  readonly assignedTarget: Bytes;
  readonly creditShift: number;
  readonly carryIn: bigint;
  readonly carryOut: bigint;
  readonly creditSum: bigint;
  readonly shares: readonly Share[];
  readonly sharesRoot: Bytes;
  readonly batchHash: Bytes;
  readonly poolSignature: Bytes;
}

/** Root of the tree over the share records, in the order of the batch. */
export function sharesRootOf(shares: readonly Share[]): Bytes {
  return merkleTreeRoot(shares.map(shareRecord));
}

function shareRecord(share: Share): Bytes {
  return concat(SHARE_TAG, share.header80, lp(share.extranonce), u64(share.credit), u64(share.acceptedAtMs));
}

/** What the pool signs: every field of the batch, the shares by their root (02-auditor section 2.2). */
export function batchHashOf(batch: Batch): Bytes {
  return sha256(
    concat(
      BATCH_TAG,
      lp(batch.batchId),
      lp(batch.poolId),
      batch.lockingKey,
      u64(batch.keySeq),
      batch.templateId,
      batch.assignedTarget,
      u32(batch.creditShift),
      u64(batch.carryIn),
      u64(batch.carryOut),
      u64(batch.creditSum),
      u32(batch.shares.length),
      batch.sharesRoot,
    ),
  );
}

/** Whether the id can name a document and a message: 1..64 of `[A-Za-z0-9_-]`. */
export function isBatchId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text);
}
