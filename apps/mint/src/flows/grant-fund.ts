import { present } from '@assay/shared/kernel/assert';
import type { Clock } from '@assay/shared/kernel/clock';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { type Grant, type GrantTerms, isSameGrant, proposed } from '../domain/grant.ts';
import { HASH_UNIT } from '../domain/unit.ts';
import type { Grants } from '../fund-ports.ts';

export interface GrantFundPorts {
  readonly grants: Grants;
  readonly clock: Clock;
}

/** Proposes a credit of a fund; nothing is credited. HASH is only ever put in by those who took it in as ecash. */
export async function grantFund(
  { grants, clock }: GrantFundPorts,
  terms: GrantTerms,
  actor: string,
): Promise<Result<Grant, 'FUND_UNIT_AUDITED' | 'REFERENCE_REUSED'>> {
  if (terms.unit === HASH_UNIT) return err('FUND_UNIT_AUDITED');
  const grant = proposed(terms, actor, clock.now());
  if ((await grants.insert(grant)) === 'inserted') return ok(grant);
  const stored = present(await grants.find(terms.grantId), 'grant');
  return isSameGrant(stored, terms) ? ok(stored) : err('REFERENCE_REUSED');
}
