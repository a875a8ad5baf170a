import { type Bytes, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import type { BlindedOutput, ProofInput } from '../request.ts';

/** What SIG_INPUTS signs, 32 bytes: the input's own secret. */
export function signedByInput({ secret }: ProofInput): Bytes {
  return sha256(utf8(secret));
}

/** What SIG_ALL signs, 32 bytes: all inputs and outputs as text, and of a melt its quote. */
export function signedByAll(
  inputs: readonly ProofInput[],
  outputs: readonly BlindedOutput[],
  meltQuoteId: string | undefined,
): Bytes {
  const given = inputs.map(({ secret, c }) => `${secret}${c}`);
  const asked = outputs.map(({ amount, b }) => `${amount}${b}`);
  return sha256(utf8([...given, ...asked, meltQuoteId ?? ''].join('')));
}
