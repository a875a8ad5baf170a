import type { Clock, UnixMs } from '@assay/shared/kernel/clock';

const WINDOW_MS = 60_000;
/** Networks of one window that are told apart; more share one count. */
const NETWORKS_MAX = 100_000;
const OTHERS = 'others';
/** Of an IPv6 address, 16 bits each, and how many of them are its network. */
const GROUPS = 8;
const NETWORK_GROUPS = 4;

export interface RateLimit {
  /** Whether one more request of the address is within its rate; a request may count as several. */
  takes(address: string, as?: number): boolean;
}

/** Requests of each network in windows of a minute; `perMinute` 0 takes everything. */
export function rateLimit(clock: Clock, perMinute: number): RateLimit {
  let counts = new Map<string, number>();
  let startedAt: UnixMs = clock.now();

  const count = (network: string, as: number) => {
    const key = counts.has(network) || counts.size < NETWORKS_MAX ? network : OTHERS;
    const next = (counts.get(key) ?? 0) + as;
    counts.set(key, next);
    return next;
  };
  return {
    takes: (address, as = 1) => {
      if (perMinute === 0) return true;
      // Also a clock that was set back begins a new one, or the old one would last until the clock is there again.
      if (Math.abs(clock.now() - startedAt) >= WINDOW_MS) {
        counts = new Map();
        startedAt = clock.now();
      }
      return count(networkOf(address), as) <= perMinute;
    },
  };
}

/**
 * Whom an address belongs to: an IPv4 address to itself, an IPv6 address to its /64, of which one customer has 2^64. IPv4
 * written as IPv6 is IPv4.
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const ipv4 = /^::ffff:([0-9.]+)$/i.exec(address)?.[1];
  if (ipv4 !== undefined) return ipv4;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const left = groupsOf(head);
  const right = groupsOf(tail ?? '');
  const zeros = Array.from({ length: Math.max(0, GROUPS - left.length - right.length) }, () => '0');
  return `${[...left, ...zeros, ...right].slice(0, NETWORK_GROUPS).join(':')}::/64`;
}

/** Of 16 bits each, without leading zeros; an IPv4 tail is two of them. */
function groupsOf(text: string): readonly string[] {
  const groups = text === '' ? [] : text.toLowerCase().split(':');
  return groups.flatMap((group) => (group.includes('.') ? ['v4', 'v4'] : [group.replace(/^0+(?=.)/, '')]));
}
