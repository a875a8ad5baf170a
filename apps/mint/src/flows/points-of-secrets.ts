import type { PointHex } from '../domain/operation.ts';
import type { ProofInput, RequestLimits } from '../domain/request.ts';
import { pointOfSecret } from '../domain/side-checks.ts';
import type { Turns } from '../turn-ports.ts';

/** About two milliseconds of work. */
const POINTS_OF_TURN = 128;

/**
 * hash_to_curve of each input's secret, in their order, in turns with what others ask. None for more inputs than a request
 * may have: it is refused before anybody looks at them.
 */
export async function pointsOfSecrets(
  { limits, turns }: { readonly limits: RequestLimits; readonly turns: Turns },
  inputs: readonly ProofInput[],
): Promise<() => readonly PointHex[]> {
  const points: PointHex[] = [];
  if (inputs.length > limits.inputs) return () => points;
  for (const { secret } of inputs) {
    if (points.length > 0 && points.length % POINTS_OF_TURN === 0) await turns.next();
    points.push(pointOfSecret(secret));
  }
  return () => points;
}
