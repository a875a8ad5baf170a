import type { Clock, UnixMs } from '@assay/shared/kernel/clock';
import { duplicateWrites, isUnknownOutcome } from '@assay/shared/runtime/mongo';
import { setTimeout as wait } from 'node:timers/promises';
import type { Collection, Filter, OptionalUnlessRequiredId } from 'mongodb';
import { grouped } from '../../grouping.ts';
import type { CommitOutcome } from '../../ports.ts';

/**
 * Measured: 32 documents and two groups in flight are 4.5 times the rate of single inserts. Each group waits for the
 * journal and costs as much as some ten documents, so the second one goes when it is full.
 */
const GROUP = { weightMax: 32, inFlightMax: 2, besideFrom: 32, waitingMax: 4_096 } as const;
/** The server gives up a commit after this: whoever cuts the supply at T may rely on it 60 s later. */
export const COMMIT_MAX_MS = 10_000;
/** Past the deadline of the server, for clocks and for the journal. */
const UNKNOWN_MARGIN_MS = 2_000;
const UNKNOWN_POLL_MS = 200;

type GroupOutcome = CommitOutcome | { readonly unknown: unknown };

interface Written<Operation, Document extends { _id: string }> {
  readonly collection: Collection<Document>;
  readonly clock: Clock;
  /** @param at just before the insert */
  readonly render: (operation: Operation, at: UnixMs) => OptionalUnlessRequiredId<Document>;
  /** Told each document that is committed now. */
  readonly onCommit?: (document: OptionalUnlessRequiredId<Document>) => void;
}

/** Inserts operations in groups: each one whole or, when another operation holds one of its keys, not at all. */
export function operationWriter<Operation extends { readonly opId: string }, Document extends { _id: string }>(
  written: Written<Operation, Document>,
): (operation: Operation) => Promise<CommitOutcome> {
  const insert = grouped({ ...GROUP, run: (operations: readonly Operation[]) => insertGroup(written, operations) });
  return async (operation) => {
    const outcome = await insert(operation);
    if (typeof outcome === 'string') return outcome;
    throw new Error('an insert was not confirmed', { cause: outcome.unknown });
  };
}

async function insertGroup<Operation extends { readonly opId: string }, Document extends { _id: string }>(
  { collection, clock, render, onCommit = () => undefined }: Written<Operation, Document>,
  operations: readonly Operation[],
): Promise<readonly GroupOutcome[]> {
  const startedAt = performance.now();
  const at = clock.now();
  const documents = operations.map((operation) => render(operation, at));
  try {
    await collection.insertMany(documents, { ordered: false, maxTimeMS: COMMIT_MAX_MS });
    documents.forEach((document) => onCommit(document));
    return operations.map(() => 'committed');
  } catch (error) {
    const duplicates = duplicateWrites(error);
    if (duplicates !== undefined)
      return operations.map((_, index) => (duplicates.has(index) ? 'duplicate' : 'committed'));
    if (!isUnknownOutcome(error)) throw error;
    const stored = await storedAmong(collection, operations, startedAt);
    return operations.map(({ opId }) => (stored.has(opId) ? 'committed' : { unknown: error }));
  }
}

/**
 * Reads the op ids until every one is there. Once the server must have given up, what is not there will not come: that
 * is a fault, and whoever repeats the request gets the stored answer or a new attempt.
 */
async function storedAmong<Document extends { _id: string }>(
  collection: Collection<Document>,
  operations: readonly { readonly opId: string }[],
  startedAt: number,
): Promise<ReadonlySet<string>> {
  const ids = operations.map(({ opId }) => opId);
  let stored = new Set<string>();
  do {
    await wait(UNKNOWN_POLL_MS);
    // The database may still be away; what was seen once stays.
    stored = (await readIds(collection, ids).catch(() => undefined)) ?? stored;
  } while (stored.size < ids.length && performance.now() - startedAt < COMMIT_MAX_MS + UNKNOWN_MARGIN_MS);
  return stored;
}

async function readIds<Document extends { _id: string }>(
  collection: Collection<Document>,
  ids: readonly string[],
): Promise<Set<string>> {
  const filter = { _id: { $in: [...ids] } } as Filter<Document>;
  const found = await collection.find(filter, { projection: { _id: 1 } }).toArray();
  return new Set(found.map(({ _id }) => _id));
}
