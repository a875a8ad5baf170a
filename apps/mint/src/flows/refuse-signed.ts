import { type Refusal, refusal } from '../domain/refusals.ts';
import type { BlindedOutput } from '../domain/request.ts';
import type { Operations } from '../ports.ts';

/** The last row of every operation with outputs: a blinded message is signed once. */
export async function refuseSigned(
  { operations }: { readonly operations: Operations },
  outputs: readonly BlindedOutput[],
): Promise<Refusal | undefined> {
  const signed = await operations.findSigned(outputs.map(({ b }) => b));
  return signed.size === 0 ? undefined : refusal('already-signed');
}
