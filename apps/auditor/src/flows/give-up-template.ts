import type { StoredTemplate, TemplatePorts } from '../ports.ts';
import { CHECK_FAILED, classOf } from './give-up-batch.ts';

type LetterPorts = Pick<TemplatePorts, 'letters' | 'clock'>;

/** Writes the dead letter of a DEAD template; once per revision, a repeat changes nothing. */
export async function recordTemplateLetter(
  { letters, clock }: LetterPorts,
  stored: StoredTemplate,
  deliveries: number,
  error = '',
): Promise<void> {
  await letters.record({
    kind: 'template',
    id: stored.id,
    revision: stored.revision,
    class: classOf(stored.code),
    code: stored.code,
    deliveries,
    firstSeenMs: stored.waitingSinceMs,
    atMs: clock.now(),
    error,
    answers: stored.answers,
    trace: stored.trace,
  });
}

/** The deliveries of a task are used up by faults: its template becomes DEAD. */
export async function giveUpTemplate(
  ports: LetterPorts & Pick<TemplatePorts, 'templates'>,
  task: { id: string; revision: number; deliveries: number },
  error: string,
): Promise<void> {
  const stored = await ports.templates.find(task.id);
  if (stored === undefined || stored.revision !== task.revision) return;
  const { state, attempt, answers } = stored;
  if (state === 'VALID' || state === 'INVALID') return;
  if (state === 'DEAD') return recordTemplateLetter(ports, stored, task.deliveries, error);
  const atMs = ports.clock.now();
  const committed = await ports.templates.giveUp(stored, { code: CHECK_FAILED, attempt, answers, atMs });
  if (committed === 'stale') throw new Error(`template ${task.id} changed while it was given up`);
  await recordTemplateLetter(ports, { ...stored, code: CHECK_FAILED }, task.deliveries, error);
}
