import type { UnixMs } from '@assay/shared/kernel/clock';
import { err, ok, type Result } from '@assay/shared/kernel/result';

const WINDOW_SECONDS = 60;

/** What was signed lately, one entry a second that had any. */
export type IssueWindow = readonly { readonly second: number; readonly amount: bigint }[];

/**
 * The window with `amount` more in it, or a refusal when the last minute would then exceed `limit`.
 * @param limit units of the keyset's unit; 0 = no limit.
 */
export function admitIssue(
  window: IssueWindow,
  amount: bigint,
  limit: bigint,
  now: UnixMs,
): Result<IssueWindow, 'limit-reached'> {
  if (limit === 0n) return ok(window);
  const second = Math.floor(now / 1000);
  const recent = window.filter((entry) => entry.second > second - WINDOW_SECONDS);
  const used = recent.reduce((sum, entry) => sum + entry.amount, 0n);
  if (used + amount > limit) return err('limit-reached');
  const last = recent.at(-1);
  if (last === undefined || last.second !== second) return ok([...recent, { second, amount }]);
  return ok([...recent.slice(0, -1), { second, amount: last.amount + amount }]);
}
