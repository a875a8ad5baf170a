import { type Bytes, concat, lp, u32, u64, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';

/** The fields of an accepted batch that its hash binds (02-auditor sections 2.1 and 2.2). */
export interface BatchFields {
  readonly batchId: string;
  readonly poolId: string;
  /** 33 bytes. */
  readonly lockingKey: Bytes;
  readonly keySeq: bigint;
  /** 32 bytes. */
  readonly templateId: Bytes;
  /** 32 bytes, big-endian. */
  readonly assignedTarget: Bytes;
  readonly creditShift: number;
  readonly carryIn: bigint;
  readonly carryOut: bigint;
  readonly creditSum: bigint;
  readonly shareCount: number;
  /** 32 bytes, as given: the auditor recomputes it from the shares. */
  readonly sharesRoot: Bytes;
}

/** 32 bytes. The mint's own reading of the layout; `vectors/work` binds it to the pool's and the auditor's. */
export function batchHash(batch: BatchFields): Bytes {
  return sha256(
    concat(
      utf8('assay/batch/v1'),
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
      u32(batch.shareCount),
      batch.sharesRoot,
    ),
  );
}
