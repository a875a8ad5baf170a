import type { PointHex } from '../domain/operation.ts';
import type { Operations } from '../ports.ts';

/** What a wallet is told about one proof. A Y that was never seen is UNSPENT; PENDING: locked by a melt under way. */
export interface ProofState {
  readonly y: PointHex;
  readonly state: 'UNSPENT' | 'PENDING' | 'SPENT';
  readonly witness: string | undefined;
}

/** NUT-07: the states in the order of `ys`, repeats included. */
export async function checkState(
  { operations }: { readonly operations: Pick<Operations, 'findSpent'> },
  ys: readonly PointHex[],
): Promise<readonly ProofState[]> {
  const spent = await operations.findSpent(ys);
  return ys.map((y) => {
    const found = spent.get(y);
    return { y, state: found?.state ?? 'UNSPENT', witness: found?.witness };
  });
}
