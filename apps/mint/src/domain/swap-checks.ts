import { sumAmounts } from '@assay/shared/kernel/money';
import type { Check } from './checks.ts';
import { feeOf } from './fees.ts';
import type { IssuanceLevel } from './issuance-level.ts';
import { refusal } from './refusals.ts';
import {
  pointSteps,
  refuseAmounts,
  refuseCounts,
  refuseKeysets,
  refusePoints,
  refuseRepeatedInputs,
  refuseRepeatedOutputs,
  refuseUnits,
  type Sides,
} from './side-checks.ts';
import { conditionSteps, refuseConditions } from './spending-conditions/refuse-conditions.ts';

export interface SwapSubject extends Sides {
  readonly level: IssuanceLevel;
}

/**
 * The rows of 03-mint section 4.1 for a swap, in their order. The stored answer comes before them; the signatory's
 * verification, spent inputs and signed outputs come after them, in the flow.
 */
export const SWAP_CHECKS: readonly Check<SwapSubject>[] = [
  {
    row: 'counts',
    refuse: (subject) => (subject.inputs.length === 0 ? refusal('bad-request', 'no inputs') : refuseCounts(subject)),
  },
  { row: 'points', refuse: refusePoints, steps: pointSteps },
  { row: 'paused', refuse: ({ level }) => (level === 'ALL' ? refusal('paused') : undefined) },
  { row: 'repeated-inputs', refuse: refuseRepeatedInputs },
  { row: 'repeated-outputs', refuse: refuseRepeatedOutputs },
  { row: 'keysets', refuse: refuseKeysets },
  { row: 'units', refuse: (subject) => refuseUnits(subject) },
  { row: 'amounts', refuse: refuseAmounts },
  { row: 'balance', refuse: refuseImbalance },
  { row: 'spending-conditions', refuse: refuseConditions, steps: conditionSteps },
];

function refuseImbalance({ inputs, outputs, keysetOf }: SwapSubject) {
  const given = sumAmounts(inputs.map(({ amount }) => amount)) - feeOf(inputs, keysetOf);
  const asked = sumAmounts(outputs.map(({ amount }) => amount));
  return given === asked ? undefined : refusal('unbalanced', `inputs less the fee are ${given}, outputs are ${asked}`);
}
