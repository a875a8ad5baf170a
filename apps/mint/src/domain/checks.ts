import type { Refusal } from './refusals.ts';

/** One row of the table of 03-mint section 4.1: the first row that refuses answers. */
export interface Check<Subject> {
  readonly row: string;
  readonly refuse: (subject: Subject) => Refusal | undefined;
}

/** The refusal of the first row that has one. */
export function firstRefusal<Subject>(checks: readonly Check<Subject>[], subject: Subject): Refusal | undefined {
  for (const { refuse } of checks) {
    const refused = refuse(subject);
    if (refused !== undefined) return refused;
  }
  return undefined;
}
