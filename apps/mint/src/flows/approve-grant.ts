import { assert } from '@assay/shared/kernel/assert';
import type { Clock } from '@assay/shared/kernel/clock';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import type { Fund } from '../domain/fund.ts';
import { approved, type Grant } from '../domain/grant.ts';
import type { Funds, Grants } from '../fund-ports.ts';

export interface CreditGrantPorts {
  readonly grants: Grants;
  readonly funds: Funds;
}

export interface ApproveGrantPorts extends CreditGrantPorts {
  readonly clock: Clock;
}

export interface ApprovedGrant {
  readonly grant: Grant;
  readonly fund: Fund;
}

const ATTEMPTS_MAX = 5;

/**
 * Approves a grant and credits its fund, once. The approval decides, the fund follows: `creditGrants` finishes what a
 * crash left between the two.
 */
export async function approveGrant(
  ports: ApproveGrantPorts,
  grantId: string,
  actor: string,
): Promise<Result<ApprovedGrant, 'GRANT_UNKNOWN' | 'SAME_ACTOR' | 'CONFLICT'>> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const grant = await ports.grants.find(grantId);
    if (grant === undefined) return err('GRANT_UNKNOWN');
    const decision = approved(grant, actor, ports.clock.now());
    if (!decision.ok) return decision;
    const isNew = decision.value.version > grant.version;
    if (isNew && !(await ports.grants.replace(decision.value))) continue;
    if (!(await creditGrant(ports, decision.value))) return err('CONFLICT');
    return ok({ grant: decision.value, fund: await ports.funds.find(grant.unit) });
  }
  return err('CONFLICT');
}

/** Credits the approved grants that their funds do not have yet. */
export async function creditGrants(ports: CreditGrantPorts): Promise<void> {
  for (const grant of await ports.grants.listUncredited()) await creditGrant(ports, grant);
}

async function creditGrant({ grants, funds }: CreditGrantPorts, { grantId, unit, amount }: Grant): Promise<boolean> {
  const outcome = await funds.change(unit, { do: 'grant', grantId, amount });
  if (outcome === 'conflict') return false;
  assert(outcome !== 'full', `the fund of ${unit} takes no more grants`);
  await grants.markCredited(grantId);
  return true;
}
