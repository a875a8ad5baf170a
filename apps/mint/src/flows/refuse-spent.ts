import type { PointHex } from '../domain/operation.ts';
import { type Refusal, refusal } from '../domain/refusals.ts';
import type { Operations } from '../ports.ts';

/** The row of every operation with inputs: a proof is spent once. Of both, spent answers before locked. */
export async function refuseSpent(
  { operations }: { readonly operations: Operations },
  ys: readonly PointHex[],
): Promise<Refusal | undefined> {
  const states = [...(await operations.findSpent(ys)).values()].map(({ state }) => state);
  if (states.includes('SPENT')) return refusal('already-spent');
  return states.includes('PENDING') ? refusal('input-pending') : undefined;
}
