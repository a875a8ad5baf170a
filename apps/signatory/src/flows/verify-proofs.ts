import { ok, type Result } from '@assay/shared/kernel/result';
import type { Refusal } from '../domain/refusal.ts';
import { planVerification, type ProofToVerify } from '../domain/signing-request.ts';
import type { Signer } from '../ports.ts';
import { countRefusal, operationSpan } from '../telemetry.ts';
import type { Keyring } from './keyring.ts';

export interface VerifyProofsPorts {
  readonly keyring: Keyring;
  readonly signer: Signer;
}

/** Whether k·hash_to_curve(secret) = C for every proof; a refusal when a proof cannot even be tried. */
export function verifyProofs(
  { keyring, signer }: VerifyProofsPorts,
  proofs: readonly ProofToVerify[],
): Promise<Result<boolean, Refusal>> {
  return operationSpan('verify-proofs', proofs.length, async () => {
    const known = await keyring.find(new Set(proofs.map(({ keysetId }) => keysetId)));
    const jobs = planVerification(proofs, known);
    if (jobs.ok) return ok(await signer.verify(jobs.value));
    countRefusal('verify-proofs', jobs.error.code);
    return jobs;
  });
}
