import type { Clock, UnixMs } from '@assay/shared/kernel/clock';

const WINDOW_MS = 60_000;
/** Addresses of one window that are told apart; more share one count. */
const ADDRESSES_MAX = 100_000;
const OTHERS = 'others';

/** Requests of each address in windows of a minute; `perMinute` 0 takes everything. */
export function rateLimit(clock: Clock, perMinute: number): { takes(address: string): boolean } {
  let counts = new Map<string, number>();
  let startedAt: UnixMs = clock.now();

  const count = (address: string) => {
    const key = counts.has(address) || counts.size < ADDRESSES_MAX ? address : OTHERS;
    const next = (counts.get(key) ?? 0) + 1;
    counts.set(key, next);
    return next;
  };
  return {
    takes: (address) => {
      if (perMinute === 0) return true;
      if (clock.now() - startedAt >= WINDOW_MS) {
        counts = new Map();
        startedAt = clock.now();
      }
      return count(address) <= perMinute;
    },
  };
}
