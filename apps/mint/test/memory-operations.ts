import type { Clock } from '@assay/shared/kernel/clock';
import type { Operation, OperationOutput, PointHex } from '../src/domain/operation.ts';
import { quoteStepKey } from '../src/domain/operation.ts';
import type { Operations, SpentInput } from '../src/ports.ts';

/** What the unique indexes of the operations hold; several port instances may stand before one store. */
export interface OperationStore {
  readonly byId: Map<string, Operation>;
  readonly spent: Map<PointHex, SpentInput>;
  readonly signed: Map<PointHex, OperationOutput>;
  readonly steps: Map<string, Operation>;
}

export function operationStore(): OperationStore {
  return { byId: new Map(), spent: new Map(), signed: new Map(), steps: new Map() };
}

/** Passes the same contract as the operations in MongoDB. */
export function memoryOperations(store: OperationStore, clock: Clock): Operations {
  const among = <Found>(found: ReadonlyMap<PointHex, Found>, points: readonly PointHex[]) =>
    new Map(points.flatMap((point) => (found.has(point) ? [[point, found.get(point)] as [PointHex, Found]] : [])));
  return {
    find: async (opId) => store.byId.get(opId),
    findSpent: async (ys) => among(store.spent, ys),
    findSigned: async (bs) => among(store.signed, bs),
    commit: async (uncommitted) => {
      // As a server would: others have their turn between the request and the insert.
      await new Promise((resolve) => setImmediate(resolve));
      const operation = { ...uncommitted, committedAt: clock.now() };
      if (isTaken(store, operation)) return 'duplicate';
      take(store, operation);
      return 'committed';
    },
  };
}

function isTaken(store: OperationStore, { opId, inputs, outputs, quotes }: Operation): boolean {
  return (
    store.byId.has(opId) ||
    inputs.some(({ y }) => store.spent.has(y)) ||
    outputs.some(({ b }) => store.signed.has(b)) ||
    quotes.some(({ naturalKey, step }) => store.steps.has(quoteStepKey(naturalKey, step)))
  );
}

function take(store: OperationStore, operation: Operation): void {
  store.byId.set(operation.opId, operation);
  for (const { y, witness } of operation.inputs) store.spent.set(y, { state: 'SPENT', witness });
  for (const output of operation.outputs) store.signed.set(output.b, output);
  for (const { naturalKey, step } of operation.quotes) store.steps.set(quoteStepKey(naturalKey, step), operation);
}
