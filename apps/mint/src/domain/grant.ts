import type { UnixMs } from '@assay/shared/kernel/clock';
import type { Amount } from '@assay/shared/kernel/money';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import type { Unit } from './unit.ts';

export const GRANT_STATES = ['PROPOSED', 'APPROVED'] as const;
export type GrantState = (typeof GRANT_STATES)[number];

/** A credit of a fund out of nothing: one operator proposes it, another one approves it. */
export interface Grant {
  readonly grantId: string;
  readonly unit: Unit;
  readonly amount: Amount;
  readonly reason: string;
  readonly state: GrantState;
  /** Who in person: `operator/alice`. */
  readonly proposedBy: string;
  readonly proposedAt: UnixMs;
  readonly approvedBy: string | undefined;
  readonly approvedAt: UnixMs | undefined;
  /** Whether its fund is known to have it. */
  readonly isCredited: boolean;
  readonly version: number;
}

export type GrantTerms = Pick<Grant, 'grantId' | 'unit' | 'amount' | 'reason'>;

export function proposed(terms: GrantTerms, by: string, now: UnixMs): Grant {
  const open = { state: 'PROPOSED', approvedBy: undefined, approvedAt: undefined, isCredited: false } as const;
  return { ...terms, ...open, proposedBy: by, proposedAt: now, version: 1 };
}

export function isSameGrant(grant: Grant, { unit, amount, reason }: GrantTerms): boolean {
  return grant.unit === unit && grant.amount === amount && grant.reason === reason;
}

/** The grant as approved by another person; an approved one stays as it is. */
export function approved(grant: Grant, by: string, now: UnixMs): Result<Grant, 'SAME_ACTOR'> {
  if (!areTwoPersons(grant.proposedBy, by)) return err('SAME_ACTOR');
  if (grant.state === 'APPROVED') return ok(grant);
  return ok({ ...grant, state: 'APPROVED', approvedBy: by, approvedAt: now, version: grant.version + 1 });
}

/** Who is no more than an operator may be anybody, so the same one too. */
function areTwoPersons(one: string, other: string): boolean {
  return one !== other && [one, other].every((actor) => actor.includes('/'));
}
