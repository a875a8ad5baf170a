import type { Clock } from '@assay/shared/kernel/clock';
import type { Melt } from '../src/domain/melt.ts';
import type { Operation, PointHex } from '../src/domain/operation.ts';
import { quoteStepKey } from '../src/domain/operation.ts';
import type { FoundOutput, Operations, SpentInput } from '../src/ports.ts';

/** What the unique indexes of the operations hold; several port instances may stand before one store. */
export interface OperationStore {
  readonly byId: Map<string, Operation>;
  readonly spent: Map<PointHex, SpentInput>;
  readonly signed: Map<PointHex, FoundOutput>;
  readonly steps: Map<string, Operation>;
  /** Of every state; a committed one is in `byId` too. */
  readonly melts: Map<string, Melt>;
}

export function operationStore(): OperationStore {
  return { byId: new Map(), spent: new Map(), signed: new Map(), steps: new Map(), melts: new Map() };
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
      await othersTurn();
      const operation = { ...uncommitted, committedAt: clock.now() };
      if (isTaken(store, operation)) return 'duplicate';
      take(store, operation);
      return 'committed';
    },
  };
}

/** As before a server: others have their turn between the request and the write. */
export function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isTaken(store: OperationStore, { opId, inputs, outputs, quotes }: Operation): boolean {
  return (
    store.byId.has(opId) ||
    store.melts.has(opId) ||
    inputs.some(({ y }) => store.spent.has(y)) ||
    outputs.some(({ b }) => store.signed.has(b)) ||
    quotes.some(({ naturalKey, step }) => store.steps.has(quoteStepKey(naturalKey, step)))
  );
}

/** Enters a committed operation into every index. */
export function take(store: OperationStore, operation: Operation): void {
  store.byId.set(operation.opId, operation);
  for (const { y, witness } of operation.inputs) store.spent.set(y, { state: 'SPENT', witness });
  for (const output of operation.outputs) store.signed.set(output.b, { state: 'SIGNED', signature: output });
  for (const { naturalKey, step } of operation.quotes) store.steps.set(quoteStepKey(naturalKey, step), operation);
}
