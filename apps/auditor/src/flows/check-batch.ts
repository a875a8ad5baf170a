import { assert } from '@assay/shared/kernel/assert';
import { toHex } from '@assay/shared/kernel/bytes';
import { later } from '@assay/shared/kernel/clock';
import { step } from '@assay/shared/kernel/machine';
import { readAgain } from '@assay/shared/kernel/read-again';
import { HOLDS, type HoldCode, type VerdictCode } from '../domain/audit-codes.ts';
import { BATCH, type BatchEvent } from '../domain/batch-machine.ts';
import { checkEnvelope, type EnvelopeRuling } from '../domain/check-envelope.ts';
import { JITTER_SIDES, planHold, stillWaits } from '../domain/hold-plan.ts';
import type { JudgePorts, StoredBatch, StoredTemplate, Trace } from '../ports.ts';
import { countShares, countVerdict } from '../telemetry.ts';
import { recordBatchLetter } from './give-up-batch.ts';
import { judgeBatchShares } from './judge-batch-shares.ts';
import { type Judged, signVerdict } from './sign-verdict.ts';

export type CheckOutcome =
  /** `template` is its id, hex. */
  | { readonly kind: 'judged'; readonly code: VerdictCode; readonly attempt: number; readonly template: string }
  | { readonly kind: 'held' | 'dead'; readonly code: string; readonly attempt: number; readonly template: string }
  /** Already judged, waiting, or another revision's task. */
  | { readonly kind: 'nothing-to-do' };

/** Carries out one task: the batch is judged, waits, or is given up (02-auditor sections 3 and 4). */
export async function checkBatch(
  ports: JudgePorts,
  task: { id: string; revision: number; deliveries: number; trace: Trace | undefined },
): Promise<CheckOutcome> {
  return readAgain<CheckOutcome>(`batch ${task.id}`, async () => {
    const stored = await ports.batches.find(task.id);
    if (stored === undefined || stored.revision !== task.revision) return { kind: 'nothing-to-do' };
    if (stored.state === 'DEAD') {
      // The process that gave it up may have ended before it wrote the letter.
      await recordBatchLetter(ports, stored, task.deliveries);
      return { kind: 'nothing-to-do' };
    }
    if (stored.state !== 'QUEUED' || stillWaits(stored.nextAtMs, ports.clock.now())) return { kind: 'nothing-to-do' };
    return checkOnce(ports, stored, task);
  });
}

async function checkOnce(
  ports: JudgePorts,
  stored: StoredBatch,
  task: { deliveries: number; trace: Trace | undefined },
): Promise<CheckOutcome | 'stale'> {
  const { ruling, template } = await ruleOnEnvelope(ports, stored);
  if (ruling.kind === 'hold') return holdBatch(ports, stored, ruling.code, task.deliveries);
  if (ruling.kind === 'fault') {
    const outcome = await settle(ports, stored, template, refusal(ruling.code), task.trace);
    assert(outcome !== 'duplicate', 'a refused batch credits nothing');
    return outcome;
  }
  assert(template !== undefined, 'a sound envelope has a template');
  return judgeBatchShares(ports, stored, template, (judged) => settle(ports, stored, template, judged, task.trace));
}

function refusal(code: VerdictCode): Judged {
  return { ruling: { result: 'INVALID', code, credited: 0n, excluded: [] }, creditedHashes: [], luck: undefined };
}

async function ruleOnEnvelope(
  { batches, templates }: Pick<JudgePorts, 'batches' | 'templates'>,
  { batch, wellShaped, holdsKeySeq }: StoredBatch,
): Promise<{ ruling: EnvelopeRuling; template: StoredTemplate | undefined }> {
  const isFirst = batch.keySeq <= 1n;
  const [previousCarry, template] = await Promise.all([
    isFirst ? undefined : batches.carryAfter(batch.poolId, batch.lockingKey, batch.keySeq - 1n),
    templates.find(templateIdOf({ batch })),
  ]);
  const ruling = checkEnvelope(batch, {
    wellShaped,
    holdsKeySeq,
    predecessor: previousCarry === undefined ? undefined : { carryAfter: previousCarry },
    template: template && { template: template.template, state: template.state, holdCode: holdCodeOf(template) },
  });
  return { ruling, template };
}

function holdCodeOf({ code }: StoredTemplate): HoldCode | undefined {
  return code in HOLDS ? (code as HoldCode) : undefined;
}

async function settle(
  ports: JudgePorts,
  stored: StoredBatch,
  template: StoredTemplate | undefined,
  judged: Judged,
  trace: Trace | undefined,
): Promise<CheckOutcome | 'stale' | 'duplicate'> {
  const { ruling } = judged;
  assertStep(stored, ruling.result === 'VALID' ? 'accept' : 'refuse');
  const verdict = signVerdict(ports, stored, template, judged);
  const committed = await ports.batches.settle(stored, verdict, trace);
  if (committed !== 'committed') return committed;
  countVerdict(ruling.result, ruling.code);
  const excluded = new Map(ruling.excluded.map(({ index, code }) => [index, code]));
  countShares(stored.batch.shares.map((_, index) => excluded.get(index)));
  return { kind: 'judged', code: ruling.code, attempt: stored.attempt + 1, template: templateIdOf(stored) };
}

async function holdBatch(
  ports: JudgePorts,
  stored: StoredBatch,
  code: HoldCode,
  deliveries: number,
): Promise<CheckOutcome | 'stale'> {
  const { batches, waits, clock, circuit, dice, scheduler } = ports;
  const now = clock.now();
  const plan = planHold({
    code,
    attempt: stored.attempt,
    waitedMs: now - stored.waitingSinceMs,
    circuitOpen: circuit.isOpen(),
    jitter: dice(JITTER_SIDES),
  });
  if (plan.do === 'give-up') {
    assertStep(stored, 'exhaust');
    const end = { class: HOLDS[code].class, code, attempt: plan.attempt, atMs: now };
    if ((await batches.giveUp(stored, end, stored.trace)) === 'stale') return 'stale';
    await recordBatchLetter(ports, { ...stored, code }, deliveries);
    return { kind: 'dead', code, attempt: plan.attempt, template: templateIdOf(stored) };
  }
  assertStep(stored, 'hold');
  const nextAtMs = later(now, plan.delayMs);
  if ((await batches.hold(stored, { code, attempt: plan.attempt, nextAtMs })) === 'stale') return 'stale';
  // What it waits for may have come between the look and the commit, when there was nobody to wake.
  const again = await ruleOnEnvelope(ports, stored);
  if (again.ruling.kind !== 'hold' || again.ruling.code !== code) {
    await waits.wake(stored.id, clock.now());
    scheduler.wake();
  }
  return { kind: 'held', code, attempt: plan.attempt, template: templateIdOf(stored) };
}

function templateIdOf({ batch }: Pick<StoredBatch, 'batch'>): string {
  return toHex(batch.templateId);
}

function assertStep({ id, state }: StoredBatch, event: BatchEvent): void {
  assert(step<typeof state, BatchEvent>(BATCH, state, event) !== undefined, `${id}: no ${event} out of ${state}`);
}
