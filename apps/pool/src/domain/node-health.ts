import type { UnixMs } from '@assay/shared/kernel/clock';

/** What is known of one node (01-pool section 3, "Sources"). */
export interface NodeHealth {
  /** Failed or late calls in a row. */
  readonly failures: number;
  /** Display order; undefined before the first answer. */
  readonly tip: string | undefined;
  readonly height: number;
  readonly initialDownload: boolean;
  /** A template rule that this pool does not know. */
  readonly foreignRule: boolean;
  /** Until when it is left alone, because an auditor judged a template of it invalid. */
  readonly distrustedUntil: UnixMs | undefined;
  /** Since when another source has a higher tip. */
  readonly behindSince: UnixMs | undefined;
  /** Since when nothing was wrong with it. */
  readonly healthySince: UnixMs | undefined;
}

export const UNKNOWN_NODE: NodeHealth = {
  failures: 0,
  tip: undefined,
  height: 0,
  initialDownload: false,
  foreignRule: false,
  distrustedUntil: undefined,
  behindSince: undefined,
  healthySince: undefined,
};

export const FAILURES_MAX = 3;
const BEHIND_MAX_MS = 5_000;
const RETURN_AFTER_MS = 60_000;
export const DISTRUST_MS = 60_000;
const KNOWN_RULES = new Set(['!segwit', '!signet']);

/** Whether the node may be asked for templates. */
export function isHealthy(health: NodeHealth, now: UnixMs): boolean {
  if (health.tip === undefined || health.failures >= FAILURES_MAX) return false;
  if (health.initialDownload || health.foreignRule) return false;
  if (health.distrustedUntil !== undefined && now < health.distrustedUntil) return false;
  return health.behindSince === undefined || now < health.behindSince + BEHIND_MAX_MS;
}

/** Whether a template has rules that must be understood and are not. */
export function hasForeignRule(rules: readonly string[]): boolean {
  return rules.some((rule) => rule.startsWith('!') && !KNOWN_RULES.has(rule));
}

/** All nodes after something was learned of one: who is behind whom, and who is healthy since when. */
export function reviewed(nodes: readonly NodeHealth[], now: UnixMs): NodeHealth[] {
  const highest = Math.max(...nodes.map(({ height }) => height));
  return nodes.map((health) => {
    const behindSince = health.height < highest ? (health.behindSince ?? now) : undefined;
    const seen = { ...health, behindSince };
    return { ...seen, healthySince: isHealthy(seen, now) ? (health.healthySince ?? now) : undefined };
  });
}

/**
 * Index of the node to use: the one in use while it is healthy, unless a better one was healthy for a minute; else the
 * first healthy one. Undefined when there is none.
 */
export function chooseNode(nodes: readonly NodeHealth[], inUse: number | undefined, now: UnixMs): number | undefined {
  const healthy = (index: number | undefined): index is number => {
    const health = index === undefined ? undefined : nodes[index];
    return health !== undefined && isHealthy(health, now);
  };
  const all = nodes.map((_, index) => index).filter(healthy);
  if (!healthy(inUse)) return all[0];
  const steady = (index: number) => now >= (nodes[index]?.healthySince ?? now) + RETURN_AFTER_MS;
  return all.find((index) => index < inUse && steady(index)) ?? inUse;
}
