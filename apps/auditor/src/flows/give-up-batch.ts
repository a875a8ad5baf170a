import { toHex } from '@assay/shared/kernel/bytes';
import { readAgain } from '@assay/shared/kernel/read-again';
import { type DeadLetterClass, HOLDS } from '../domain/audit-codes.ts';
import type { JudgePorts, StoredBatch } from '../ports.ts';

/** Code of a batch or template whose check failed as often as a task is delivered. */
export const CHECK_FAILED = 'CHECK_FAILED';

type LetterPorts = Pick<JudgePorts, 'letters' | 'clock' | 'templates'>;

/** Writes the dead letter of a DEAD batch; once per revision, a repeat changes nothing. */
export async function recordBatchLetter(
  { letters, clock, templates }: LetterPorts,
  stored: StoredBatch,
  deliveries: number,
  error = '',
): Promise<void> {
  const template = await templates.find(toHex(stored.batch.templateId));
  await letters.record({
    kind: 'batch',
    id: stored.id,
    revision: stored.revision,
    class: classOf(stored.code),
    code: stored.code,
    deliveries,
    firstSeenMs: stored.receivedAtMs,
    atMs: clock.now(),
    error,
    answers: template?.answers ?? [],
    trace: stored.trace,
  });
}

/** Class of the dead letter by the last code; what is no hold was a fault. */
export function classOf(code: string): DeadLetterClass {
  return Object.hasOwn(HOLDS, code) ? HOLDS[code as keyof typeof HOLDS].class : 'ERROR';
}

/** The deliveries of a task are used up by faults: its batch becomes DEAD (02-auditor section 3). */
export async function giveUpBatch(
  ports: LetterPorts & Pick<JudgePorts, 'batches'>,
  task: { id: string; revision: number; deliveries: number },
  error: string,
): Promise<void> {
  await readAgain(`batch ${task.id}`, async () => {
    const stored = await ports.batches.find(task.id);
    if (stored === undefined || stored.revision !== task.revision) return undefined;
    const isDead = stored.state === 'DEAD';
    if (!isDead && stored.state !== 'QUEUED') return undefined;
    const end = { class: 'ERROR', code: CHECK_FAILED, attempt: stored.attempt, atMs: ports.clock.now() } as const;
    if (!isDead && (await ports.batches.giveUp(stored, end, stored.trace)) === 'stale') return 'stale';
    await recordBatchLetter(ports, isDead ? stored : { ...stored, code: CHECK_FAILED }, task.deliveries, error);
    return undefined;
  });
}
