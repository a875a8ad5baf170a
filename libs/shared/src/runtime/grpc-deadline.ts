import { AsyncLocalStorage } from 'node:async_hooks';

// What a service keeps for itself, so that its own answer arrives before the caller gives up.
const SHAVE_SHARE = 0.1;
const SHAVE_MAX_MS = 100;

const active = new AsyncLocalStorage<number>();

/** `ms` less what is kept for the answer. */
export function shaved(ms: number): number {
  return Math.max(0, ms - Math.min(ms * SHAVE_SHARE, SHAVE_MAX_MS));
}

/** Calls made inside `run` end at the latest at `dueAt` (Unix ms of this host's clock, as gRPC's own deadlines). */
export function withinDeadline<T>(dueAt: number, run: () => T): T {
  return active.run(dueAt, run);
}

/** The deadline of a call that starts now and may take `ms`: that, or what is left of the call being answered. */
export function dueAfter(ms: number): number {
  return Math.min(Date.now() + ms, active.getStore() ?? Infinity);
}
