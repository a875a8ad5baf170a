import { bytesEqual, type Bytes } from '@assay/shared/kernel/bytes';
import { step } from '@assay/shared/kernel/machine';
import { ehash } from '@assay/shared/kernel/money';
import { readAgain } from '@assay/shared/kernel/read-again';
import { BATCH, type SealedBatch } from '../domain/batch.ts';
import { batchVerdictHash, type BatchVerdictGiven, type VerdictFault, verifyVerdict } from '../domain/verdict.ts';
import type { BatchPort } from '../ports.ts';
import { batchReached } from '../telemetry.ts';

export interface ApplyVerdictPorts {
  readonly batches: Pick<BatchPort, 'find' | 'applyVerdict' | 'noteDeadLetter'>;
  /** POOL_AUDITOR_KEYS, x-only. */
  readonly auditorKeys: readonly Bytes[];
}

/**
 * `applied` · `known`: this very verdict was applied before · `batch-unknown`: not (yet) sealed here ·
 * `hash-differs`: about another content · `decided`: another verdict was applied before.
 */
export type VerdictOutcome =
  'applied' | 'known' | 'batch-unknown' | 'hash-differs' | 'credit-exceeds' | 'decided' | VerdictFault;

/** SEALED → VALID or INVALID, only by a verdict that an auditor of ours signed (P10). */
export async function applyVerdict(ports: ApplyVerdictPorts, verdict: BatchVerdictGiven): Promise<VerdictOutcome> {
  const genuine = verifyVerdict(verdict, batchVerdictHash(verdict), ports.auditorKeys);
  if (!genuine.ok) return genuine.error;
  return readAgain<VerdictOutcome>(`batch ${verdict.batchId}`, async () => {
    const batch = await ports.batches.find(verdict.batchId);
    if (batch === undefined || batch.state === 'open') return 'batch-unknown';
    const refused = refusalOf(batch, verdict);
    if (refused !== undefined) return refused;
    const { valid, code, decidedAt, verdictHash } = verdict;
    const applied = { valid, code, credited: ehash(verdict.credited), decidedAt, verdictHash };
    if (!(await ports.batches.applyVerdict(batch, applied))) return 'stale';
    batchReached(valid ? 'valid' : 'invalid');
    return 'applied';
  });
}

function refusalOf(batch: SealedBatch, verdict: BatchVerdictGiven): VerdictOutcome | undefined {
  if (!bytesEqual(batch.seal.batchHash, verdict.batchHash)) return 'hash-differs';
  if (batch.verdict !== undefined && bytesEqual(batch.verdict.verdictHash, verdict.verdictHash)) return 'known';
  if (verdict.credited > batch.seal.creditSum) return 'credit-exceeds';
  return step(BATCH, batch.state, verdict.valid ? 'judged-valid' : 'judged-invalid') === undefined
    ? 'decided'
    : undefined;
}

/** Event `batch.dead-lettered`, as read from the bus. */
export interface DeadLetteredBatch {
  readonly batchId: string;
  readonly batchHash: Bytes;
  readonly code: string;
}

/** Notes that the batch waits for an operator of the auditor; a batch that was judged meanwhile stays as it is. */
export function noteDeadLetter(
  { batches }: Pick<ApplyVerdictPorts, 'batches'>,
  letter: DeadLetteredBatch,
): Promise<'noted' | 'judged' | 'batch-unknown' | 'hash-differs'> {
  return readAgain(`batch ${letter.batchId}`, async () => {
    const batch = await batches.find(letter.batchId);
    if (batch === undefined || batch.state === 'open') return 'batch-unknown';
    if (!bytesEqual(batch.seal.batchHash, letter.batchHash)) return 'hash-differs';
    if (step(BATCH, batch.state, 'dead-lettered') === undefined) return 'judged';
    return (await batches.noteDeadLetter(batch, letter.code)) ? 'noted' : 'stale';
  });
}
