import type { Melt } from '../domain/melt.ts';
import type { Operation } from '../domain/operation.ts';
import type { Melts } from '../melt-ports.ts';
import type { Operations } from '../ports.ts';

export type FoundOperation =
  | { readonly is: 'operation'; readonly operation: Operation }
  /** In any of its states. */
  | { readonly is: 'melt'; readonly melt: Melt };

/** One operation by its id: a melt as it stands, any other only exists committed. */
export async function getOperation(
  { operations, melts }: { readonly operations: Pick<Operations, 'find'>; readonly melts: Pick<Melts, 'find'> },
  opId: string,
): Promise<FoundOperation | undefined> {
  const melt = await melts.find(opId);
  if (melt !== undefined) return { is: 'melt', melt };
  const operation = await operations.find(opId);
  return operation && { is: 'operation', operation };
}
