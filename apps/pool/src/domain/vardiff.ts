import type { UnixMs } from '@assay/shared/kernel/clock';
import { type DifficultyBounds, withinBounds } from './difficulty.ts';

/** Accepted shares on jobs of the current k since the window began (01-pool section 6). */
export interface VardiffWindow {
  readonly k: number;
  readonly shares: number;
  readonly beganAt: UnixMs;
}

export type VardiffRule = 'up' | 'silence' | 'down';

/** The window that goes on, and the rule that changed k, if any. */
export interface VardiffStep {
  readonly window: VardiffWindow;
  readonly changedBy?: VardiffRule;
}

const MINUTE_MS = 60_000;
const UP_EVERY = 16;
const UP_MAX_SHARES = 256;
const DOWN_AFTER_MS = 240_000;
const DOWN_MAX = 4;
const SILENCE_STEPS = 2;

export function startWindow(k: number, now: UnixMs): VardiffWindow {
  return { k, shares: 0, beganAt: now };
}

/** After an accepted share on a job of `window.k`. @param perMinute the target rate r */
export function afterShare(
  window: VardiffWindow,
  perMinute: number,
  bounds: DifficultyBounds,
  now: UnixMs,
): VardiffStep {
  const counted = { ...window, shares: window.shares + 1 };
  const up = counted.shares % UP_EVERY === 0 ? upBy(counted, perMinute, now) : 0;
  if (up >= 1) return moved(counted, up, 'up', bounds, now);
  if (counted.shares >= UP_MAX_SHARES) return { window: startWindow(counted.k, now) };
  return afterTime(counted, perMinute, bounds, now);
}

/** On the timer of each second, and after each share. */
export function afterTime(
  window: VardiffWindow,
  perMinute: number,
  bounds: DifficultyBounds,
  now: UnixMs,
): VardiffStep {
  const elapsed = now - window.beganAt;
  if (window.shares === 0 && elapsed >= MINUTE_MS) return moved(window, -SILENCE_STEPS, 'silence', bounds, now);
  if (elapsed < DOWN_AFTER_MS) return { window };
  const down = downBy(window, perMinute, elapsed);
  return down >= 1 ? moved(window, -down, 'down', bounds, now) : { window: startWindow(window.k, now) };
}

/** V1: the largest j ≥ 0 with n · 60,000 ≥ r · max(t, 1) · 2^j, or −1. */
function upBy({ shares, beganAt }: VardiffWindow, perMinute: number, now: UnixMs): number {
  return largestPower(shares * MINUTE_MS, perMinute * Math.max(now - beganAt, 1));
}

/** V3: the largest j ≥ 0 with r · t ≥ max(n, 1) · 60,000 · 2^j, at most 4, or −1. */
function downBy({ shares }: VardiffWindow, perMinute: number, elapsed: number): number {
  return Math.min(DOWN_MAX, largestPower(perMinute * elapsed, Math.max(shares, 1) * MINUTE_MS));
}

function largestPower(whole: number, unit: number): number {
  let power = -1;
  for (let value = unit; value <= whole; value *= 2) power += 1;
  return power;
}

function moved(
  window: VardiffWindow,
  by: number,
  rule: VardiffRule,
  bounds: DifficultyBounds,
  now: UnixMs,
): VardiffStep {
  const k = withinBounds(window.k + by, bounds);
  const next = startWindow(k, now);
  return k === window.k ? { window: next } : { window: next, changedBy: rule };
}
