import type { UnixMs } from '@assay/shared/kernel/clock';
import type { IssuanceLevel } from './issuance-level.ts';

/** From the mildest on. */
export const ISSUANCE_LEVELS = ['NONE', 'ISSUANCE', 'ALL'] as const satisfies readonly IssuanceLevel[];

export interface Control {
  readonly level: IssuanceLevel;
  readonly openBreaches: readonly string[];
  /** The newest acknowledgements, so that a late repeat of an older opening opens nothing. */
  readonly acknowledged: readonly { readonly breachId: string; readonly version: number }[];
  readonly reason: string;
  readonly by: string;
  readonly changedAt: UnixMs;
  readonly version: number;
}

export interface Pause {
  readonly level: 'ISSUANCE' | 'ALL';
  readonly reason: string;
  readonly by: string;
  readonly breachId?: string;
  /** Of the auditor's breach document, where known. */
  readonly breachVersion?: number;
}

const ACKNOWLEDGED_MAX = 256;

function strictest(a: IssuanceLevel, b: IssuanceLevel): IssuanceLevel {
  return ISSUANCE_LEVELS.indexOf(a) >= ISSUANCE_LEVELS.indexOf(b) ? a : b;
}

/** The control after a pause: a higher level stays. Undefined when nothing changes. */
export function paused(control: Control, pause: Pause, now: UnixMs): Control | undefined {
  if (wasAcknowledged(control, pause)) return undefined;
  const level = strictest(control.level, pause.level);
  const { breachId } = pause;
  const opens = breachId !== undefined && !control.openBreaches.includes(breachId);
  if (level === control.level && !opens) return undefined;
  return {
    ...control,
    level,
    openBreaches: opens ? [...control.openBreaches, breachId] : control.openBreaches,
    reason: pause.reason,
    by: pause.by,
    changedAt: now,
    version: control.version + 1,
  };
}

/** The control without an acknowledged breach; the level stays, for nothing resumes by itself. */
export function breachAcknowledged(
  control: Control,
  breach: { breachId: string; version: number },
  now: UnixMs,
): Control | undefined {
  const isKnown = control.acknowledged.some((a) => a.breachId === breach.breachId && a.version >= breach.version);
  if (isKnown) return undefined;
  const others = control.acknowledged.filter((a) => a.breachId !== breach.breachId);
  return {
    ...control,
    openBreaches: control.openBreaches.filter((id) => id !== breach.breachId),
    acknowledged: [...others, breach].slice(-ACKNOWLEDGED_MAX),
    changedAt: now,
    version: control.version + 1,
  };
}

export type ResumeDecision =
  | { readonly do: 'resume'; readonly next: Control }
  | { readonly do: 'nothing' }
  | { readonly do: 'refuse'; readonly code: 'BREACH_OPEN' };

export function decideResume(control: Control, reason: string, by: string, now: UnixMs): ResumeDecision {
  if (control.openBreaches.length > 0) return { do: 'refuse', code: 'BREACH_OPEN' };
  if (control.level === 'NONE') return { do: 'nothing' };
  return {
    do: 'resume',
    next: { ...control, level: 'NONE', reason, by, changedAt: now, version: control.version + 1 },
  };
}

/** How long an instance trusts the control it read last. */
export const CONTROL_STALE_MS = 5_000;

/** Whether a control that was read at this time may be obeyed still. After the clock was set back nobody knows how old it is. */
export function isCurrent(read: { at: UnixMs }, now: UnixMs): boolean {
  return Math.abs(now - read.at) < CONTROL_STALE_MS;
}

/** The level an instance obeys: one that cannot read the control stops everything. */
export function obeyedLevel(read: { level: IssuanceLevel; at: UnixMs } | undefined, now: UnixMs): IssuanceLevel {
  return read !== undefined && isCurrent(read, now) ? read.level : 'ALL';
}

function wasAcknowledged(control: Control, { breachId, breachVersion }: Pause): boolean {
  return control.acknowledged.some(
    (a) => a.breachId === breachId && breachVersion !== undefined && a.version >= breachVersion,
  );
}
