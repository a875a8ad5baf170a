import { type Bytes, bytesEqual, concat, fromHex, lp, u32, u64, u8, utf8 } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';
import { sha256 } from '@assay/shared/kernel/hash';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { schnorrVerify } from '@assay/shared/kernel/schnorr';
import { merkleTreeHash } from './merkle.ts';

interface SignedVerdict {
  readonly valid: boolean;
  readonly code: string;
  readonly decidedAt: UnixMs;
  /** x-only, 32 bytes. */
  readonly auditorKey: Bytes;
  readonly verdictHash: Bytes;
  readonly signature: Bytes;
}

/** Event `verdict.given`, as read from the bus. */
export interface BatchVerdictGiven extends SignedVerdict {
  readonly batchId: string;
  readonly batchHash: Bytes;
  readonly credited: bigint;
  readonly excluded: readonly { readonly index: number; readonly code: string }[];
}

/** Event `template.judged`, as read from the bus. */
export interface TemplateVerdictGiven extends SignedVerdict {
  readonly templateId: string;
  /** Empty for a template of the pool's own. */
  readonly declaredBy: Bytes;
}

export type VerdictFault = 'verdict-hash-differs' | 'auditor-unknown' | 'bad-signature';

/** The verdict hash recomputed from the fields (02-auditor section 4.4). */
export function batchVerdictHash(verdict: BatchVerdictGiven): Bytes {
  const excludedRoot = merkleTreeHash(verdict.excluded.map(({ index, code }) => concat(u32(index), lp(code))));
  return sha256(
    concat(
      utf8('assay/verdict/v1'),
      verdict.batchHash,
      u8(verdict.valid ? 1 : 2),
      u64(verdict.credited),
      u64(BigInt(verdict.decidedAt)),
      lp(verdict.code),
      excludedRoot,
    ),
  );
}

export function templateVerdictHash(verdict: TemplateVerdictGiven): Bytes {
  return sha256(
    concat(
      utf8('assay/template-verdict/v1'),
      fromHex(verdict.templateId),
      u8(verdict.valid ? 1 : 2),
      u64(BigInt(verdict.decidedAt)),
      lp(verdict.code),
      lp(verdict.declaredBy),
    ),
  );
}

/** Whether the verdict was signed, as it stands, by one of the auditors that this pool trusts. */
export function verifyVerdict(
  verdict: SignedVerdict,
  recomputed: Bytes,
  auditorKeys: readonly Bytes[],
): Result<undefined, VerdictFault> {
  if (!bytesEqual(recomputed, verdict.verdictHash)) return err('verdict-hash-differs');
  if (!auditorKeys.some((key) => bytesEqual(key, verdict.auditorKey))) return err('auditor-unknown');
  return schnorrVerify(verdict.signature, verdict.verdictHash, verdict.auditorKey) ? ok() : err('bad-signature');
}
