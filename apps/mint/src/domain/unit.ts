import type { Brand } from '@assay/shared/kernel/brand';
import { err, ok, type Result } from '@assay/shared/kernel/result';

/** Name of a unit in lower case, as in HTTP JSON: `hash`. */
export type Unit = Brand<string, 'Unit'>;

/** Unit names compare case-insensitively: `HASH` and `hash` are one unit. */
export function parseUnit(text: string): Result<Unit, 'bad-unit'> {
  const lower = text.toLowerCase();
  return /^[a-z0-9_-]{1,32}$/.test(lower) ? ok(lower as Unit) : err('bad-unit');
}

/** The unit of audited work. */
export const HASH_UNIT = 'hash' as Unit;

/** The unit of Lightning quotes. */
export const SAT_UNIT = 'sat' as Unit;
