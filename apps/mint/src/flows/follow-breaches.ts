import { breachAcknowledged } from '../domain/control.ts';
import type { IssuanceLevel } from '../domain/issuance-level.ts';
import { changeControl } from './change-control.ts';
import { pauseIssuance, type PausePorts } from './pause-issuance.ts';

export type BreachSeverity = 'REPORT' | 'STOP_ISSUANCE' | 'STOP_ALL';

const LEVELS = {
  REPORT: undefined,
  STOP_ISSUANCE: 'ISSUANCE',
  STOP_ALL: 'ALL',
} as const satisfies Record<BreachSeverity, IssuanceLevel | undefined>;

export interface OpenedBreach {
  readonly breachId: string;
  readonly version: number;
  readonly severity: BreachSeverity;
  readonly expected: string;
  readonly found: string;
}

/** A breach that the auditor found pauses at the level of its severity; one that is only reported pauses nothing. */
export async function breachOpened(ports: PausePorts, breach: OpenedBreach): Promise<void> {
  const level = LEVELS[breach.severity];
  if (level === undefined) return;
  const reason = `${breach.breachId}: expected ${breach.expected}, found ${breach.found}`;
  const { breachId, version: breachVersion } = breach;
  await pauseIssuance(ports, { level, reason, by: 'auditor', breachId, breachVersion });
}

/** An acknowledged breach no longer stands against resuming; the operator still has to resume. */
export async function breachClosed(
  ports: PausePorts,
  breach: { readonly breachId: string; readonly version: number },
): Promise<void> {
  await changeControl(ports, undefined, (before, now) => breachAcknowledged(before, breach, now));
}
