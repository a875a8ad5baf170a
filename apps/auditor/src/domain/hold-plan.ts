import { HOLDS, type HoldCode } from './audit-codes.ts';

const DELAYS_MS = [5_000, 15_000, 60_000, 300_000, 300_000] as const;
const UNCOUNTED_GRACE_MS = 60_000;
const CIRCUIT_DELAY_MS = 60_000;
// What is waited for wakes the waiting; this only bounds the harm of a wake-up lost in a crash.
const UNWOKEN_DELAY_MS = 30_000;
/** Of the die that spreads delays: its throws 0…200 are −10 … +10 %. */
export const JITTER_SIDES = 201;

// A task comes when its wait is over by the clock of whoever enqueued it, which the worker's may be behind.
const CLOCKS_APART_MS = 2_000;

/** Whether the wait is not over: a task that comes all the same is an old one. */
export function stillWaits(nextAtMs: number | undefined, nowMs: number): boolean {
  return nextAtMs !== undefined && nextAtMs > nowMs + CLOCKS_APART_MS;
}

export interface Wait {
  readonly do: 'wait';
  readonly attempt: number;
  readonly delayMs: number;
}

/** What becomes of something that cannot be judged: it waits, or its attempts are used up. */
export type HoldPlan = Wait | { readonly do: 'give-up'; readonly attempt: number };

/**
 * @param hold.attempt attempts used before this one
 * @param hold.waitedMs since intake (or replay)
 * @param hold.jitter a throw of `JITTER_SIDES`, spreads counted delays by ± 10 %
 */
export function planHold(hold: {
  code: HoldCode;
  attempt: number;
  waitedMs: number;
  circuitOpen: boolean;
  jitter: number;
}): HoldPlan {
  const { counts, waitsFor } = HOLDS[hold.code];
  const outage = hold.circuitOpen && (waitsFor === 'nodes' || waitsFor === 'template');
  if (outage) return { do: 'wait', attempt: hold.attempt, delayMs: CIRCUIT_DELAY_MS };
  if (counts === 'never') return { do: 'wait', attempt: hold.attempt, delayMs: UNWOKEN_DELAY_MS };
  if (counts === 'after-grace' && hold.waitedMs < UNCOUNTED_GRACE_MS) {
    return { do: 'wait', attempt: hold.attempt, delayMs: DELAYS_MS[0] };
  }
  const attempt = hold.attempt + 1;
  const delayMs = DELAYS_MS[attempt - 1];
  if (delayMs === undefined) return { do: 'give-up', attempt };
  return { do: 'wait', attempt, delayMs: Math.floor((delayMs * (900 + hold.jitter)) / 1_000) };
}
