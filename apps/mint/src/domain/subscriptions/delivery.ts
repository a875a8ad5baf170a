/** What a wallet is shown of one filter: JSON text, and the version of what it shows. */
export interface Update {
  readonly version: number;
  readonly payload: string;
}

/** What was read of one filter. Without a version, what was read is newer than everything told before the read began. */
export interface Reading {
  readonly version: number | undefined;
  readonly payload: string;
}

/** Of what never changes again. */
export const FINAL_VERSION = Number.MAX_SAFE_INTEGER;

/** Whether what has this stored version, if it has one, was told already. */
export function isKnown(told: Update | undefined, version: number | undefined): boolean {
  return told !== undefined && version !== undefined && version <= told.version;
}

/**
 * What a subscriber is told next, or undefined for nothing: notes come late, twice and in any order, so that a version not
 * greater than the one told is dropped.
 */
export function afterNote(told: Update | undefined, note: Update): Update | undefined {
  return isKnown(told, note.version) ? undefined : note;
}

/**
 * As `afterNote`, of a reading. One without a version counts only if nothing was told since it began: otherwise it may be
 * older than what was told.
 * @param before what the subscriber had been told when the read began
 */
export function afterReading(
  told: Update | undefined,
  { version, payload }: Reading,
  before: Update | undefined,
): Update | undefined {
  if (version !== undefined) return afterNote(told, { version, payload });
  if (told !== before || told?.payload === payload) return undefined;
  return { version: told?.version ?? 0, payload };
}
