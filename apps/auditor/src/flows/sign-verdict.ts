import type { VerdictCode } from '../domain/audit-codes.ts';
import type { BatchRuling } from '../domain/check-shares.ts';
import type { Luck } from '../domain/statistics/luck.ts';
import { batchVerdictHash } from '../domain/verdict.ts';
import type { BatchVerdict, JudgePorts, StoredBatch, StoredTemplate } from '../ports.ts';

/** What is settled: the ruling, with what only a VALID batch has. */
export interface Judged {
  readonly ruling: Omit<BatchRuling, 'code'> & { readonly code: VerdictCode };
  readonly creditedHashes: readonly string[];
  readonly luck: Luck | undefined;
}

/** The verdict with the auditor's signature. */
export function signVerdict(
  { clock, signer }: Pick<JudgePorts, 'clock' | 'signer'>,
  stored: StoredBatch,
  template: StoredTemplate | undefined,
  { ruling, creditedHashes, luck }: Judged,
): BatchVerdict {
  const decidedAtMs = clock.now();
  const verdictHash = batchVerdictHash({ ...ruling, batchHash: stored.batch.batchHash, decidedAtMs });
  return {
    ...ruling,
    creditedHashes,
    luck,
    decidedAtMs,
    late: template?.late ?? false,
    nodeAnswers: template?.answers ?? [],
    verdictHash,
    signature: signer.sign(verdictHash),
    publicKey: signer.publicKey,
  };
}
