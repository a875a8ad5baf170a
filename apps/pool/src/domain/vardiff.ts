import type { UnixMs } from '@assay/shared/kernel/clock';

/** Accepted shares on jobs of the current k since the window began (01-pool section 6). */
export interface VardiffWindow {
  readonly shares: number;
  readonly since: UnixMs;
}

export type VardiffRule = 'up' | 'silence' | 'down';

export interface VardiffStep {
  readonly window: VardiffWindow;
  /** What to add to k before it is clamped; missing when no rule applied. */
  readonly change?: { readonly by: number; readonly rule: VardiffRule };
}

const UP_EACH = 16;
const UP_WINDOW_SHARES = 256;
const SILENCE_MS = 60_000;
const SILENCE_STEPS = 2;
const DOWN_MS = 240_000;
const DOWN_STEPS_MAX = 4;
const MINUTE_MS = 60_000;

/** The window that begins now. */
export function freshWindow(now: UnixMs): VardiffWindow {
  return { shares: 0, since: now };
}

/** After an accepted share on a job of the current k. @param rate wanted shares a minute */
export function vardiffAfterShare(before: VardiffWindow, now: UnixMs, rate: number): VardiffStep {
  const window = { ...before, shares: before.shares + 1 };
  if (window.shares % UP_EACH !== 0) return vardiffByTime(window, now, rate);
  const by = doublings(window.shares * MINUTE_MS, rate * Math.max(now - window.since, 1));
  if (by >= 1) return { window: freshWindow(now), change: { by, rule: 'up' } };
  return window.shares >= UP_WINDOW_SHARES ? { window: freshWindow(now) } : vardiffByTime(window, now, rate);
}

/** Rules of silence and of too few shares; to be asked each second. */
export function vardiffByTime(window: VardiffWindow, now: UnixMs, rate: number): VardiffStep {
  const elapsed = now - window.since;
  if (window.shares === 0 && elapsed >= SILENCE_MS) {
    return { window: freshWindow(now), change: { by: -SILENCE_STEPS, rule: 'silence' } };
  }
  if (elapsed < DOWN_MS) return { window };
  const steps = doublings(rate * elapsed, Math.max(window.shares, 1) * MINUTE_MS);
  if (steps < 1) return { window: freshWindow(now) };
  return { window: freshWindow(now), change: { by: -Math.min(steps, DOWN_STEPS_MAX), rule: 'down' } };
}

/** The largest j ≥ 0 with have ≥ want · 2^j, or −1; whole numbers, so the doubling is exact. */
function doublings(have: number, want: number): number {
  let j = -1;
  for (let bound = want; bound <= have; bound *= 2) j += 1;
  return j;
}
