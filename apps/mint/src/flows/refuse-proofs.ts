import { type Refusal, refusal } from '../domain/refusals.ts';
import type { ProofInput } from '../domain/request.ts';
import type { Signatory } from '../ports.ts';

/** Whether the signatory signed every input: k·hash_to_curve(secret) = C. */
export async function refuseProofs(
  { signatory }: { readonly signatory: Signatory },
  inputs: readonly ProofInput[],
): Promise<Refusal | undefined> {
  return (await signatory.verifyProofs(inputs)) ? undefined : refusal('proof-invalid');
}
