import { type Refusal, refusal } from '../domain/refusals.ts';
import type { BlindedOutput } from '../domain/request.ts';
import type { Operations } from '../ports.ts';

/** The last row of every operation with outputs: a blinded message is signed once. Of both, signed answers before reserved. */
export async function refuseSigned(
  { operations }: { readonly operations: Operations },
  outputs: readonly BlindedOutput[],
): Promise<Refusal | undefined> {
  const states = [...(await operations.findSigned(outputs.map(({ b }) => b))).values()].map(({ state }) => state);
  if (states.includes('SIGNED')) return refusal('already-signed');
  return states.includes('RESERVED') ? refusal('output-pending') : undefined;
}
