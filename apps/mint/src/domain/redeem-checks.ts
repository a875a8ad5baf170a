import { utf8 } from '@assay/shared/kernel/bytes';
import { sumAmounts } from '@assay/shared/kernel/money';
import type { Check } from './checks.ts';
import { feeOf } from './fees.ts';
import type { IssuanceLevel } from './issuance-level.ts';
import { refusal } from './refusals.ts';
import { SECRET_BYTES_MAX, WITNESS_BYTES_MAX } from './request.ts';
import {
  pointSteps,
  refuseInputAmounts,
  refuseKeysets,
  refusePoints,
  refuseRepeatedInputs,
  refuseTooMany,
  type Sides,
} from './side-checks.ts';
import { conditionSteps, refuseConditions } from './spending-conditions/refuse-conditions.ts';
import type { Unit } from './unit.ts';

/** A redeem has no outputs: what comes in leaves the mint's ecash and is the fund's. */
export interface RedeemSubject extends Sides {
  readonly level: IssuanceLevel;
  readonly unit: Unit;
  /** What the proofs are to be worth, their fee taken off. */
  readonly amount: bigint;
}

/**
 * Rows as those of 03-mint section 4.1, for RedeemProofs. The stored answer comes before them; the signatory's
 * verification and spent inputs come after them, in the flow.
 */
export const REDEEM_CHECKS: readonly Check<RedeemSubject>[] = [
  {
    row: 'counts',
    refuse: (subject) => (subject.inputs.length === 0 ? refusal('bad-request', 'no proofs') : refuseTooMany(subject)),
  },
  { row: 'sizes', refuse: refuseSizes },
  { row: 'points', refuse: refusePoints, steps: pointSteps },
  { row: 'paused', refuse: ({ level }) => (level === 'ALL' ? refusal('paused') : undefined) },
  { row: 'repeated-inputs', refuse: refuseRepeatedInputs },
  { row: 'keysets', refuse: refuseKeysets },
  { row: 'units', refuse: refuseUnit },
  { row: 'amounts', refuse: refuseInputAmounts },
  { row: 'balance', refuse: refuseImbalance },
  { row: 'spending-conditions', refuse: refuseConditions, steps: conditionSteps },
];

function refuseSizes({ inputs }: RedeemSubject) {
  const isTooLong = inputs.some(
    ({ secret, witness }) => utf8(secret).length > SECRET_BYTES_MAX || utf8(witness ?? '').length > WITNESS_BYTES_MAX,
  );
  return isTooLong ? refusal('bad-request', 'a secret or a witness is too long') : undefined;
}

function refuseUnit({ inputs, unit, keysetOf }: RedeemSubject) {
  const units = new Set(inputs.map(({ keyset }) => keysetOf(keyset)?.unit));
  if (units.size > 1) return refusal('several-units');
  return units.has(unit) ? undefined : refusal('units-differ', `the proofs are not of unit ${unit}`);
}

function refuseImbalance({ inputs, keysetOf, amount }: RedeemSubject) {
  const fee = feeOf(inputs, keysetOf);
  const worth = sumAmounts(inputs.map((input) => input.amount)) - fee;
  return worth === amount && amount > 0n
    ? undefined
    : refusal('unbalanced', `the proofs less their fee of ${fee} are worth ${worth}, not ${amount}`);
}
