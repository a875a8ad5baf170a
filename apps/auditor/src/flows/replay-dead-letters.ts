import { err, ok, type Result } from '@assay/shared/kernel/result';
import { toHex } from '@assay/shared/kernel/bytes';
import { readAgain } from '@assay/shared/kernel/read-again';
import { letterIdOf } from '../domain/tasks.ts';
import type { JudgePorts } from '../ports.ts';
import type { DeadLetters, DeadLetterView, LetterRefusal } from '../upkeep-ports.ts';
import { recheckTemplate } from './recheck-template.ts';

const PAGE = 500;
const PAGES_MAX = 2_000;
const IN_FLIGHT = 16;

export type ReplayPorts = Pick<JudgePorts, 'batches' | 'templates' | 'clock' | 'scheduler'> & {
  readonly deadLetters: DeadLetters;
};

export interface ReplayOrder {
  readonly reason: string;
  readonly automatic: boolean;
  /** Automatic replays that each batch or template gets. */
  readonly automaticMax: number;
}

/** Replays the named letters; refused as a whole when one of them cannot be (02-auditor section 5.1). */
export async function replayLetters(
  ports: ReplayPorts,
  ids: readonly string[],
  order: ReplayOrder,
): Promise<Result<number, LetterRefusal>> {
  const letters: DeadLetterView[] = [];
  for (const id of new Set(ids)) {
    const letter = await ports.deadLetters.find(id);
    if (letter === undefined) return err('DEAD_LETTER_UNKNOWN');
    if (letter.state !== 'OPEN') return err('DEAD_LETTER_CLOSED');
    if (letter.class === 'POISON') return err('DEAD_LETTER_POISON');
    letters.push(letter);
  }
  let replayed = 0;
  for (const letter of letters) if (await replayOne(ports, letter, order)) replayed += 1;
  return ok(replayed);
}

/** Replays every open letter of a class; the number of those that were. */
export async function replayClass(ports: ReplayPorts, className: string, order: ReplayOrder): Promise<number> {
  let replayed = 0;
  let after = '';
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const letters = await ports.deadLetters.openOfClass(className, after, PAGE);
    for (let begin = 0; begin < letters.length; begin += IN_FLIGHT) {
      const slice = letters.slice(begin, begin + IN_FLIGHT);
      const done = await Promise.all(slice.map((letter) => replayOne(ports, letter, order)));
      replayed += done.filter(Boolean).length;
    }
    const last = letters.at(-1);
    if (last === undefined || letters.length < PAGE) break;
    after = last.id;
  }
  return replayed;
}

/** The work is put back first: a crash in between leaves the letter open, and a repeat finds the work put back. */
async function replayOne(ports: ReplayPorts, letter: DeadLetterView, order: ReplayOrder): Promise<boolean> {
  const { deadLetters, clock } = ports;
  if (letter.subject === undefined) {
    return !order.automatic && (await deadLetters.handBack(letter.id, order.reason, clock.now())) === undefined;
  }
  const { kind, id, revision } = letter.subject;
  const putBack = kind === 'batch' ? reviveBatch(ports, id, revision, order) : reviveTemplate(ports, id, order);
  if (!(await putBack)) return false;
  return (await deadLetters.markReplayed(letter.id, order.reason, clock.now())) === undefined;
}

function reviveBatch(ports: ReplayPorts, id: string, revision: number, order: ReplayOrder): Promise<boolean> {
  return readAgain(`batch ${id}`, async () => {
    const stored = await ports.batches.find(id);
    const isDead = stored?.state === 'DEAD' && stored.revision === revision;
    // Put back before, by a replay that ended before it closed the letter.
    if (stored === undefined || !isDead) return true;
    if (order.automatic && stored.autoReplays >= order.automaticMax) return false;
    await takeTemplateAlong(ports, toHex(stored.batch.templateId), order);
    const revived = await ports.batches.revive(stored, ports.clock.now(), order.automatic);
    return revived === 'committed' ? true : 'stale';
  });
}

/** A batch takes the open dead letter of its template with it. */
async function takeTemplateAlong(ports: ReplayPorts, templateId: string, order: ReplayOrder): Promise<void> {
  const template = await ports.templates.find(templateId);
  if (template?.state !== 'DEAD' || !(await reviveTemplate(ports, templateId, order))) return;
  const letterId = letterIdOf({ kind: 'template', id: templateId, revision: template.revision });
  await ports.deadLetters.markReplayed(letterId, order.reason, ports.clock.now());
}

async function reviveTemplate(ports: ReplayPorts, id: string, order: ReplayOrder): Promise<boolean> {
  const stored = await ports.templates.find(id);
  if (stored?.state !== 'DEAD') return true;
  if (order.automatic && stored.autoReplays >= order.automaticMax) return false;
  await recheckTemplate(ports, id, order.automatic);
  return true;
}
