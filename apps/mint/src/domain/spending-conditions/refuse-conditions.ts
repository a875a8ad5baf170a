import type { UnixMs } from '@assay/shared/kernel/clock';
import { type Refusal, refusal } from '../refusals.ts';
import type { BlindedOutput, ProofInput } from '../request.ts';
import { isConditional } from '../secret.ts';

/** What spending conditions are judged on. */
export interface ConditionsSubject {
  readonly inputs: readonly ProofInput[];
  /** Those of a swap, the blank ones of a melt; none where proofs are only redeemed. */
  readonly outputs: readonly BlindedOutput[];
  readonly now: UnixMs;
  /** Of a melt: SIG_ALL signs it too. */
  readonly meltQuoteId?: string;
}

/** Why the inputs may not be spent by whoever sent them, or undefined (03-mint section 7). */
export function refuseConditions({ inputs }: ConditionsSubject): Refusal | undefined {
  return inputs.some(({ secret }) => isConditional(secret))
    ? refusal('proof-invalid', 'secrets with spending conditions are not supported')
    : undefined;
}
