import type { Clock } from '@assay/shared/kernel/clock';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import type { BreachRule } from '../domain/breaches.ts';
import { saysWhy } from '../domain/operator-reason.ts';
import type { AuditRecords, BreachRecord, BreachRecords, BreachRefusal, Settlements } from '../upkeep-ports.ts';

export interface AcknowledgePorts {
  readonly clock: Clock;
  readonly breaches: BreachRecords;
  readonly settlements: Pick<Settlements, 'said'>;
  readonly records: Pick<AuditRecords, 'template'>;
}

/** Whether a rule fails again now, by the scope of its breach. */
type Recheck = (ports: AcknowledgePorts, scope: string) => Promise<boolean>;

/**
 * Rules about what has to happen and may have happened since. B14 and LUCK_SKEW are about what was signed and cannot be
 * unsigned: for these the operator's word stands.
 */
const RECHECKS: Readonly<Partial<Record<BreachRule, Recheck>>> = {
  SETTLEMENT_STUCK: async ({ settlements }, scope) => {
    const said = await settlements.said(scope);
    return said !== undefined && !said.paid && !said.failed;
  },
  QUOTE_MISSING: async ({ settlements }, scope) => (await settlements.said(scope))?.created === false,
  NODES_DISAGREE: async ({ records }, scope) => {
    const template = await records.template(scope);
    const waits = template?.state === 'HELD' || template?.state === 'DEAD';
    return waits && template.code === 'HOLD_NODES_DISAGREE';
  },
};

/**
 * Closes a breach whose cause was found; the mint may then be resumed (02-auditor section 7). One that is acknowledged
 * already stays as it is. CONFLICT while the mint has not answered that it paused: its pause would open the breach there
 * again after the acknowledgement.
 */
export async function acknowledgeBreach(
  ports: AcknowledgePorts,
  id: string,
  { by, reason }: { readonly by: string; readonly reason: string },
): Promise<Result<BreachRecord, BreachRefusal>> {
  if (!saysWhy(reason)) return err('REASON_TOO_SHORT');
  const breach = await ports.breaches.find(id);
  if (breach === undefined) return err('BREACH_UNKNOWN');
  if (breach.state === 'ACKNOWLEDGED') return ok(breach);
  if (breach.pausePending) return err('CONFLICT');
  if ((await RECHECKS[breach.rule]?.(ports, breach.scope)) === true) return err('BREACH_STILL_TRUE');
  const acknowledged = await ports.breaches.acknowledge(breach, { by, reason, atMs: ports.clock.now() });
  return acknowledged === 'stale' ? err('CONFLICT') : ok(acknowledged);
}
