import { assert } from './assert.ts';
import type { Brand } from './brand.ts';

/** Unix time in milliseconds. */
export type UnixMs = Brand<number, 'UnixMs'>;

export function unixMs(value: number): UnixMs {
  assert(Number.isSafeInteger(value) && value >= 0, `not a time in ms: ${value}`);
  return value as UnixMs;
}

export interface Clock {
  now(): UnixMs;
}

/** The instant `ms` later (or earlier, when negative). */
export function later(at: UnixMs, ms: number): UnixMs {
  return unixMs(at + ms);
}

/** A deadline closes at its own instant: the timer wins. */
export function isDue(dueAt: UnixMs, now: UnixMs): boolean {
  return now >= dueAt;
}
