import type { Clock, UnixMs } from '@assay/shared/kernel/clock';
import { networkOf } from '@assay/shared/kernel/network';

const MINUTE_MS = 60_000;
/** After a silence so much of a minute's requests may come at once, or a few hundred: the longest body counts so many. */
const BURST_OF_MINUTE = 1 / 6;
const BURST_MIN = 300;
/** Networks that are told apart at the same time; more share one count. */
const NETWORKS_MAX = 100_000;
const OTHERS = 'others';

export interface RateLimit {
  /** Whether one more request of the address is within its rate; a request may count as several. */
  takes(address: string, as?: number): boolean;
  /** Whether it was refused as often as it may ask: whoever goes on so is not listened to at all. */
  isFlooding(address: string): boolean;
}

/** Requests of each network, so many a minute and a part of them at once; `perMinute` 0 takes everything. */
export function rateLimit(clock: Clock, perMinute: number): RateLimit {
  if (perMinute === 0) return { takes: () => true, isFlooding: () => false };
  const asked = allowances(clock, perMinute);
  const refused = allowances(clock, perMinute);
  return {
    takes: (address, as = 1) => {
      const network = networkOf(address);
      const isTaken = asked.take(network, as);
      if (!isTaken) refused.take(network, 1);
      return isTaken;
    },
    isFlooding: (address) => !refused.has(networkOf(address)),
  };
}

interface Allowances {
  /** False when less than `count` is left (all of it, when it could never be); nothing is taken then. */
  take(network: string, count: number): boolean;
  has(network: string): boolean;
}

/** What each network has left: it comes back evenly, up to the burst. */
function allowances(clock: Clock, perMinute: number): Allowances {
  const msEach = MINUTE_MS / perMinute;
  const burst = Math.max(perMinute * BURST_OF_MINUTE, Math.min(perMinute, BURST_MIN));
  const burstMs = burst * msEach;
  /** When a network has its whole burst again; whoever has it is not here. */
  const wholeAt = new Map<string, number>();
  let sweptAt: UnixMs = clock.now();

  const sweep = (now: UnixMs) => {
    if (Math.abs(now - sweptAt) < burstMs) return;
    sweptAt = now;
    for (const [network, at] of wholeAt) if (missing(at, now) === 0) wholeAt.delete(network);
  };
  /** Of the burst, in ms. A clock that was set back gives everybody all of it, or they would wait until it is there again. */
  const missing = (at: number | undefined, now: UnixMs) =>
    at === undefined || at <= now || at > now + burstMs ? 0 : at - now;
  const countOf = (network: string, now: UnixMs) => {
    if (wholeAt.size >= NETWORKS_MAX) sweep(now);
    return wholeAt.has(network) || wholeAt.size < NETWORKS_MAX ? network : OTHERS;
  };
  return {
    take: (network, count) => {
      const now = clock.now();
      const key = countOf(network, now);
      const after = missing(wholeAt.get(key), now) + Math.min(count, burst) * msEach;
      // Half of one, as times are rounded.
      if (after > burstMs + msEach / 2) return false;
      wholeAt.set(key, now + Math.min(after, burstMs));
      return true;
    },
    has: (network) => missing(wholeAt.get(network), clock.now()) <= burstMs - msEach / 2,
  };
}
