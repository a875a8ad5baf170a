import type { Clock } from '@assay/shared/kernel/clock';
import { compareAndSet, duplicateIndexOf } from '@assay/shared/runtime/mongo';
import { WITHOUT_OUTBOX } from '@assay/shared/runtime/outbox';
import type { Collection, Db, Filter } from 'mongodb';
import type { FailedMelt, Melt, MeltIntent, PendingMelt } from '../../domain/melt.ts';
import type { UncommittedOperation } from '../../domain/operation.ts';
import type { Melts, PendingQuery } from '../../melt-ports.ts';
import type { CommitOutcome } from '../../ports.ts';
import { type MeltDocument, parseMelt, renderMelt, renderReserved } from './melt-document.ts';
import { OPERATIONS, renderInput, renderOutput } from './operation-document.ts';
import { committedEvent } from './operation-event.ts';
import { COMMIT_MAX_MS, operationWriter } from './operation-writer.ts';

/** Melts in MongoDB: documents of `operations`, inserted in groups and then changed by compare-and-set. */
export function mongoMelts(db: Db, clock: Clock): Melts {
  const collection = db.collection<MeltDocument>(OPERATIONS.name);
  const findOne = async (filter: Filter<MeltDocument>) => {
    const found = await collection.findOne({ ...filter, kind: 'MELT' }, WITHOUT_OUTBOX);
    return found === null ? undefined : parseMelt(found);
  };
  return {
    find: (opId) => findOne({ _id: opId }),
    // The flag is in the filters because only with it the partial indexes apply.
    findLive: (meltQuoteId) => findOne({ meltLive: true, meltQuoteId }),
    findPayment: (paymentKey) => findOne({ meltLive: true, paymentKey }),
    reserve: operationWriter<MeltIntent, MeltDocument>({ collection, clock, render: renderMelt }),
    reserveAgain: (melt, intent) => reserveAgain(collection, clock, melt, intent),
    commit: (melt, operation, preimage) => commit(collection, clock, melt, { operation, preimage }),
    release: (melt) => release(collection, clock, melt),
    listPending: (query) => listPending(collection, query),
  };
}

async function reserveAgain(
  collection: Collection<MeltDocument>,
  clock: Clock,
  { opId, version }: FailedMelt,
  intent: MeltIntent,
): Promise<CommitOutcome> {
  const update = { $set: renderReserved(intent, clock.now()), $inc: { attempt: 1 } };
  try {
    return (await compareAndSet(collection, opId, version, update)) ? 'committed' : 'duplicate';
  } catch (error) {
    if (duplicateIndexOf(error) !== undefined) return 'duplicate';
    throw error;
  }
}

/** An unknown outcome is a fault; the recovery reads again and repeats what is missing with the same signatures. */
async function commit(
  collection: Collection<MeltDocument>,
  clock: Clock,
  { opId, version }: PendingMelt,
  { operation, preimage }: { readonly operation: UncommittedOperation; readonly preimage: string | undefined },
): Promise<boolean> {
  const { outputs, out, surplus } = operation;
  const committedAt = clock.now();
  const set = {
    state: 'COMMITTED' as const,
    hasOutputs: outputs.length > 0,
    outputs: outputs.map(renderOutput),
    ...{ out, surplus },
    ...(preimage === undefined ? {} : { preimage }),
    projected: false,
    committedAt: new Date(committedAt),
    updatedAt: new Date(committedAt),
  };
  const event = committedEvent({ ...operation, committedAt }, version + 1);
  const result = await collection.updateOne(
    { _id: opId, version },
    { $set: set, $push: { outbox: event }, $inc: { version: 1 } },
    { maxTimeMS: COMMIT_MAX_MS },
  );
  return result.matchedCount === 1;
}

function release(collection: Collection<MeltDocument>, clock: Clock, { opId, version, inputs }: PendingMelt) {
  return compareAndSet(collection, opId, version, {
    $set: {
      state: 'FAILED',
      meltLive: false,
      hasInputs: false,
      inputs: [],
      released: inputs.map(renderInput),
      hasOutputs: false,
      outputs: [],
      updatedAt: new Date(clock.now()),
    },
  });
}

async function listPending(
  collection: Collection<MeltDocument>,
  { before, after, limit }: PendingQuery,
): Promise<readonly PendingMelt[]> {
  const untouched: Filter<MeltDocument> = { state: 'PENDING', updatedAt: { $lt: new Date(before) } };
  const found = await collection
    .find(after === undefined ? untouched : { $and: [untouched, following(after)] }, WITHOUT_OUTBOX)
    .sort({ updatedAt: 1, _id: 1 })
    .limit(limit)
    .toArray();
  return found.map(parseMelt).filter(isPending);
}

function following({ updatedAt, opId }: NonNullable<PendingQuery['after']>): Filter<MeltDocument> {
  const at = new Date(updatedAt);
  // The first bound alone lets an index begin there.
  return { updatedAt: { $gte: at }, $or: [{ updatedAt: { $gt: at } }, { _id: { $gt: opId } }] };
}

function isPending(melt: Melt): melt is PendingMelt {
  return melt.state === 'PENDING';
}
