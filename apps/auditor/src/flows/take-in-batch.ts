import { type Bytes, toHex } from '@assay/shared/kernel/bytes';
import type { Clock } from '@assay/shared/kernel/clock';
import type { QuarantineCode } from '../domain/audit-codes.ts';
import type { Batch } from '../domain/batch.ts';
import { carryAfter, checkProvenance, isWellShaped } from '../domain/check-envelope.ts';
import type { BatchIntake, BatchWaits, Breaches, Pools, Scheduler, Trace } from '../ports.ts';

export interface TakeInBatchPorts {
  readonly clock: Clock;
  readonly pools: Pools;
  readonly intake: BatchIntake;
  readonly waits: BatchWaits;
  readonly breaches: Breaches;
  readonly scheduler: Scheduler;
  /** Tells the mint at once of a breach that stops it. */
  readonly pauseMint: () => void;
}

export type BatchIntakeOutcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'known' }
  /** Another batch has this id: breach B14. */
  | { readonly kind: 'conflict' }
  /** Not the pool's word; kept out of the books. */
  | { readonly kind: 'quarantine'; readonly code: QuarantineCode };

/** Takes a batch in: queued for its check, its key_seq held, its successor woken (02-auditor section 3). */
export async function takeInBatch(
  ports: TakeInBatchPorts,
  { batch, raw, trace }: { batch: Batch; raw: Bytes; trace: Trace | undefined },
): Promise<BatchIntakeOutcome> {
  const { clock, pools, intake, waits, breaches, scheduler } = ports;
  const rules = pools.get(batch.poolId);
  const code = checkProvenance(batch, rules);
  if (code !== undefined || rules === undefined) return { kind: 'quarantine', code: code ?? 'POOL_UNKNOWN' };

  const receivedAtMs = clock.now();
  const wellShaped = isWellShaped(batch, rules, receivedAtMs);
  const outcome = await intake.insert({
    batch,
    raw,
    wellShaped,
    carryAfter: carryAfter(batch, wellShaped),
    receivedAtMs,
    trace,
  });
  if (outcome.kind === 'other-content') {
    const scope = `${batch.poolId}/${batch.batchId}`;
    const found = toHex(batch.batchHash);
    await breaches.open({ rule: 'B14', scope, expected: outcome.hash, found }, receivedAtMs, trace);
    ports.pauseMint();
    return { kind: 'conflict' };
  }
  // Repeated for a known batch: the first delivery may have ended in between.
  if ((await waits.wakeSuccessor(batch, receivedAtMs)) > 0) scheduler.wake();
  return { kind: outcome.kind === 'inserted' ? 'taken' : 'known' };
}
