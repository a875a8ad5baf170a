import { type Bytes, concat, lp, u8, u32, u64, utf8 } from '@assay/shared/kernel/bytes';
import { assertNativeCurve } from '@assay/shared/kernel/cashu-curve';
import { sha256 } from '@assay/shared/kernel/hash';
import { schnorrSign, xOnlyPublicKeyOf } from '@assay/shared/kernel/schnorr';
import type { ShareCode } from './audit-codes.ts';
import { merkleTreeRoot } from './merkle-tree.ts';

const BATCH_VERDICT_TAG = utf8('assay/verdict/v1');
const TEMPLATE_VERDICT_TAG = utf8('assay/template-verdict/v1');

export type VerdictResult = 'VALID' | 'INVALID';
const RESULT_BYTE = { VALID: u8(1), INVALID: u8(2) } as const satisfies Record<VerdictResult, Bytes>;

export interface Excluded {
  readonly index: number;
  readonly code: ShareCode;
}

/** Hash that the auditor signs for a batch; `excluded` ascending by index (02-auditor section 4.4). */
export function batchVerdictHash(verdict: {
  batchHash: Bytes;
  result: VerdictResult;
  credited: bigint;
  decidedAtMs: number;
  code: string;
  excluded: readonly Excluded[];
}): Bytes {
  const excludedRoot = merkleTreeRoot(verdict.excluded.map(({ index, code }) => concat(u32(index), lp(code))));
  return sha256(
    concat(
      BATCH_VERDICT_TAG,
      verdict.batchHash,
      RESULT_BYTE[verdict.result],
      u64(verdict.credited),
      u64(BigInt(verdict.decidedAtMs)),
      lp(verdict.code),
      excludedRoot,
    ),
  );
}

/** Hash that the auditor signs for a template (02-auditor section 4.4). */
export function templateVerdictHash(verdict: {
  templateId: Bytes;
  result: VerdictResult;
  decidedAtMs: number;
  code: string;
  declaredBy: Bytes;
}): Bytes {
  return sha256(
    concat(
      TEMPLATE_VERDICT_TAG,
      verdict.templateId,
      RESULT_BYTE[verdict.result],
      u64(BigInt(verdict.decidedAtMs)),
      lp(verdict.code),
      lp(verdict.declaredBy),
    ),
  );
}

/** Signs verdict hashes with the auditor's key (32 bytes). @throws when curves would be computed in JavaScript */
export function verdictSigner(secret: Bytes): { readonly publicKey: Bytes; sign(hash: Bytes): Bytes } {
  assertNativeCurve();
  return { publicKey: xOnlyPublicKeyOf(secret), sign: (hash) => schnorrSign(hash, secret) };
}
