import type { Clock } from '@assay/shared/kernel/clock';
import type { Collection, Db } from 'mongodb';
import type { Operation, OperationOutput, PointHex } from '../../domain/operation.ts';
import { pointHex } from '../../domain/side-checks.ts';
import { grouped } from '../../grouping.ts';
import type { Operations, SpentInput } from '../../ports.ts';
import { bytesOf, type OperationDocument, OPERATIONS, parseOperation, parseOutput } from './operation-document.ts';
import { operationWriter } from './operation-writer.ts';

const READ = { inFlightMax: 2, waitingMax: 10_000 } as const;
const IDS_PER_READ = 64;
const POINTS_PER_READ = 1_000;

/**
 * Operations in MongoDB. Single requests travel in groups: reads as one `$in`, inserts as one unordered `insertMany`. The
 * connection reads majority from the primary and writes majority with journal.
 */
export function mongoOperations(db: Db, clock: Clock): Operations {
  const collection = db.collection<OperationDocument>(OPERATIONS.name);
  const findByPoint = {
    spent: pointReader((ys) => readSpent(collection, ys)),
    signed: pointReader((bs) => readSigned(collection, bs)),
  };
  return {
    find: grouped({
      ...READ,
      weightMax: IDS_PER_READ,
      run: (opIds: readonly string[]) => readByIds(collection, opIds),
    }),
    commit: operationWriter(collection, clock),
    findSpent: findByPoint.spent,
    findSigned: findByPoint.signed,
  };
}

async function readByIds(
  collection: Collection<OperationDocument>,
  opIds: readonly string[],
): Promise<readonly (Operation | undefined)[]> {
  const documents = await collection
    .find({ _id: { $in: [...new Set(opIds)] } }, { projection: { outbox: 0 } })
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

// The flags are in the filters because only with them the partial indexes apply.
async function readSpent(
  collection: Collection<OperationDocument>,
  ys: readonly PointHex[],
): Promise<ReadonlyMap<PointHex, SpentInput>> {
  const documents = await collection
    .find({ hasInputs: true, 'inputs.y': { $in: ys.map(bytesOf) } })
    .hint('inputsY_unique')
    .project<Pick<OperationDocument, 'inputs'>>({ _id: 0, 'inputs.y': 1, 'inputs.witness': 1 })
    .toArray();
  const inputs = documents.flatMap((document) => document.inputs);
  return new Map(inputs.map(({ y, witness }) => [pointHex(y), { state: 'SPENT', witness }]));
}

async function readSigned(
  collection: Collection<OperationDocument>,
  bs: readonly PointHex[],
): Promise<ReadonlyMap<PointHex, OperationOutput>> {
  const documents = await collection
    .find({ hasOutputs: true, 'outputs.b': { $in: bs.map(bytesOf) } })
    .hint('outputsB_unique')
    .project<Pick<OperationDocument, 'outputs'>>({ _id: 0, outputs: 1 })
    .toArray();
  const outputs = documents.flatMap((document) => document.outputs).map(parseOutput);
  return new Map(outputs.map((output) => [output.b, output]));
}
