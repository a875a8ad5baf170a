import type { Clock } from '@assay/shared/kernel/clock';
import type { OutboxEntry } from '@assay/shared/runtime/outbox';
import type { Collection, Db } from 'mongodb';
import type { Operation, PointHex, UncommittedOperation } from '../../domain/operation.ts';
import { pointHex } from '../../domain/side-checks.ts';
import { grouped } from '../../grouping.ts';
import type { FoundOutput, Operations, SpentInput } from '../../ports.ts';
import type { ReservedDocument } from './melt-document.ts';
import {
  bytesOf,
  type OperationDocument,
  OPERATIONS,
  parseOperation,
  parseOutput,
  renderOperation,
} from './operation-document.ts';
import { operationWriter } from './operation-writer.ts';

const READ = { inFlightMax: 2, besideFrom: 64, waitingMax: 10_000 } as const;
const IDS_PER_READ = 64;
const POINTS_PER_READ = 1_000;

/** Told the event of each operation that is committed. */
type OnCommit = (opId: string, event: OutboxEntry) => void;

/**
 * Operations in MongoDB. Single requests travel in groups: reads as one `$in`, inserts as one unordered `insertMany`. The
 * connection reads majority from the primary and writes majority with journal.
 */
export function mongoOperations(db: Db, clock: Clock, onCommit: OnCommit = () => undefined): Operations {
  const collection = db.collection<OperationDocument>(OPERATIONS.name);
  return {
    find: grouped({
      ...READ,
      weightMax: IDS_PER_READ,
      run: (opIds: readonly string[]) => readByIds(collection, opIds),
    }),
    commit: operationWriter<UncommittedOperation, OperationDocument>({
      collection,
      clock,
      render: (operation, committedAt) => renderOperation({ ...operation, committedAt }),
      onCommit: ({ _id, outbox: [entry] }) => entry !== undefined && onCommit(_id, entry),
    }),
    findSpent: pointReader((ys) => readSpent(collection, ys)),
    findSigned: pointReader((bs) => readSigned(collection, bs)),
  };
}

/** The same for who only watches: a million watched proofs do not stand before those that somebody spends. */
export function mongoWatchedOperations(db: Db): Pick<Operations, 'findSpent'> {
  const collection = db.collection<OperationDocument>(OPERATIONS.name);
  return { findSpent: pointReader((ys) => readSpent(collection, ys)) };
}

async function readByIds(
  collection: Collection<OperationDocument>,
  opIds: readonly string[],
): Promise<readonly (Operation | undefined)[]> {
  const documents = await collection
    .find({ _id: { $in: [...new Set(opIds)] }, state: 'COMMITTED' }, { projection: { outbox: 0 } })
    .toArray();
  const byId = new Map(documents.map((document) => [document._id, parseOperation(document)]));
  return opIds.map((opId) => byId.get(opId));
}

/** Reads many requests' points at once and gives each request its own. */
function pointReader<Found>(read: (points: readonly PointHex[]) => Promise<ReadonlyMap<PointHex, Found>>) {
  return grouped<readonly PointHex[], ReadonlyMap<PointHex, Found>>({
    ...READ,
    weightMax: POINTS_PER_READ,
    weigh: (points) => points.length,
    run: async (requests) => {
      const found = await read([...new Set(requests.flat())]);
      return requests.map((points) => ofRequest(found, points));
    },
  });
}

function ofRequest<Found>(found: ReadonlyMap<PointHex, Found>, points: readonly PointHex[]): Map<PointHex, Found> {
  const own = new Map<PointHex, Found>();
  if (found.size === 0) return own;
  for (const point of points) {
    const value = found.get(point);
    if (value !== undefined) own.set(point, value);
  }
  return own;
}

// The flags are in the filters because only with them the partial indexes apply. The server leaves out the other points
// of an operation: one request may name a point of each of a thousand operations, which have a thousand points each.
async function readSpent(
  collection: Collection<OperationDocument>,
  ys: readonly PointHex[],
): Promise<ReadonlyMap<PointHex, SpentInput>> {
  const asked = { 'inputs.y': { $in: ys.map(bytesOf) } };
  const found = await collection
    .aggregate<{ state: 'COMMITTED' | 'PENDING'; inputs: OperationDocument['inputs'][number] }>(
      [
        { $match: { hasInputs: true, ...asked } },
        { $project: { _id: 0, state: 1, 'inputs.y': 1, 'inputs.witness': 1 } },
        { $unwind: '$inputs' },
        { $match: asked },
      ],
      { hint: 'inputsY_unique' },
    )
    .toArray();
  return new Map(
    found.map(({ state, inputs: { y, witness } }) => [
      pointHex(y),
      { state: state === 'COMMITTED' ? 'SPENT' : 'PENDING', witness },
    ]),
  );
}

async function readSigned(
  collection: Collection<OperationDocument>,
  bs: readonly PointHex[],
): Promise<ReadonlyMap<PointHex, FoundOutput>> {
  const asked = { 'outputs.b': { $in: bs.map(bytesOf) } };
  const found = await collection
    .aggregate<SignedOutput | ReservedOutput>(
      [
        { $match: { hasOutputs: true, ...asked } },
        { $project: { _id: 0, state: 1, outputs: 1 } },
        { $unwind: '$outputs' },
        { $match: asked },
      ],
      { hint: 'outputsB_unique' },
    )
    .toArray();
  return new Map(found.map((document) => [pointHex(document.outputs.b), foundOutput(document)]));
}

interface SignedOutput {
  readonly state: 'COMMITTED';
  readonly outputs: OperationDocument['outputs'][number];
}

interface ReservedOutput {
  readonly state: 'PENDING';
  readonly outputs: ReservedDocument;
}

function foundOutput(document: SignedOutput | ReservedOutput): FoundOutput {
  return document.state === 'COMMITTED'
    ? { state: 'SIGNED', signature: parseOutput(document.outputs) }
    : { state: 'RESERVED' };
}
