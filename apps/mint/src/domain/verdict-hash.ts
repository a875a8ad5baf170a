import { type Bytes, concat, fromHex, lp, u32, u64, u8, utf8 } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';
import { sha256 } from '@assay/shared/kernel/hash';

/** A share that the auditor left out of the credit of a batch. */
export interface ExcludedShare {
  readonly index: number;
  readonly code: string;
}

/** The auditor's decision on a batch; hashes, keys and signature in lower-case hex. */
export interface Verdict {
  readonly poolId: string;
  readonly batchId: string;
  readonly batchHash: string;
  readonly result: 'VALID' | 'INVALID';
  readonly code: string;
  readonly declared: bigint;
  readonly credited: bigint;
  readonly decidedAt: UnixMs;
  readonly excluded: readonly ExcludedShare[];
  readonly auditorKey: string;
  readonly verdictHash: string;
  readonly signature: string;
}

type VerdictLeaf = Pick<Verdict, 'batchHash' | 'result' | 'code' | 'credited' | 'decidedAt' | 'excluded'>;

/** sha of the verdict leaf, 32 bytes (02-auditor section 4.4). */
export function verdictHash(verdict: VerdictLeaf): Bytes {
  return sha256(
    concat(
      utf8('assay/verdict/v1'),
      fromHex(verdict.batchHash),
      u8(verdict.result === 'VALID' ? 1 : 2),
      u64(verdict.credited),
      u64(BigInt(verdict.decidedAt)),
      lp(verdict.code),
      excludedRoot(verdict.excluded),
    ),
  );
}

/** Merkle root over `u32(index) ‖ lp(code)`, ascending by index; of nothing: sha of nothing. */
function excludedRoot(excluded: readonly ExcludedShare[]): Bytes {
  if (excluded.length === 0) return sha256(new Uint8Array(0));
  return merkle(excluded.map(({ index, code }) => sha256(u8(0), u32(index), lp(code))));
}

/** RFC 9162 2.1.1: split at the largest power of two below the size. */
function merkle(leaves: readonly Bytes[]): Bytes {
  const [first] = leaves;
  if (leaves.length === 1 && first !== undefined) return first;
  let split = 1;
  while (2 * split < leaves.length) split *= 2;
  return sha256(u8(1), merkle(leaves.slice(0, split)), merkle(leaves.slice(split)));
}
