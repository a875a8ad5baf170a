import type { OperationOutput, PointHex } from '../domain/operation.ts';
import type { Operations } from '../ports.ts';

/** NUT-09: what was ever signed of `bs`, in their order; the rest is left out. */
export async function restoreSignatures(
  { operations }: { readonly operations: Operations },
  bs: readonly PointHex[],
): Promise<readonly OperationOutput[]> {
  const found = await operations.findSigned(bs);
  return bs.flatMap((b) => {
    const output = found.get(b);
    return output?.state === 'SIGNED' ? [output.signature] : [];
  });
}
