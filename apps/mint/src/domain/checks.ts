import type { Refusal } from './refusals.ts';

/** One row of the table of 03-mint section 4.1: the first row that refuses answers. */
export interface Check<Subject> {
  readonly row: string;
  readonly refuse: (subject: Subject) => Refusal | undefined;
  /** The same piece by piece, where it is long work. */
  readonly steps?: (subject: Subject) => Steps;
}

/** What a row says, found in pieces of some milliseconds each. */
export type Steps = Generator<void, Refusal | undefined>;

/** The refusal of the first row that has one. */
export function firstRefusal<Subject>(checks: readonly Check<Subject>[], subject: Subject): Refusal | undefined {
  for (const { refuse } of checks) {
    const refused = refuse(subject);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

/** As `firstRefusal`; between two pieces of long work it waits for `next`. */
export async function firstRefusalInTurns<Subject>(
  checks: readonly Check<Subject>[],
  subject: Subject,
  turns: { next(): Promise<void> },
): Promise<Refusal | undefined> {
  for (const { refuse, steps } of checks) {
    const refused = steps === undefined ? refuse(subject) : await inTurns(steps(subject), turns);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

async function inTurns(steps: Steps, turns: { next(): Promise<void> }): Promise<Refusal | undefined> {
  let step = steps.next();
  while (step.done !== true) {
    await turns.next();
    step = steps.next();
  }
  return step.value;
}

/** All pieces at once. */
export function finished(steps: Steps): Refusal | undefined {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}
