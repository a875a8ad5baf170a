import { type Amount, amount } from '@assay/shared/kernel/money';
import { assert, present } from '@assay/shared/kernel/assert';
import type { Collection, Db } from 'mongodb';
import { quoteStepKey } from '../../domain/operation.ts';
import type { QuoteOperations, QuoteSteps, UnprojectedOperations } from '../../ports.ts';
import { type CountedDocument, type OperationDocument, OPERATIONS, parseCounted } from './operation-document.ts';
import { takenSteps } from './taken-steps.ts';

/** As a rule one step is new; the more there are, the more are looked for at once. */
const LOOK_AHEAD = 4;
const LOOK_AHEAD_MAX = 1_024;
/** Of one quote; whoever mints it unit by unit makes more than an answer can hold. */
const OPERATIONS_TOLD_MAX = 10_000;
/** Points and signatures are most of an operation, and counting needs none of them. */
const COUNTED = {
  ...{ kind: 1, method: 1, unit: 1, quoteKeys: 1, quoteAmounts: 1, fee: 1, out: 1, surplus: 1 },
  ...{ 'inputs.keyset': 1, 'inputs.amount': 1, 'outputs.keyset': 1, 'outputs.amount': 1 },
} as const;

/** Operations as the projector reads them: by quote step, and those that it has not taken in. */
export function mongoProjection(db: Db): {
  readonly steps: QuoteSteps & QuoteOperations;
  readonly unprojected: UnprojectedOperations;
} {
  const collection = db.collection<OperationDocument>(OPERATIONS.name);
  return {
    steps: {
      takenFrom: (naturalKey, step, limit) => takenFrom(collection, { naturalKey, step, limit }),
      operationsOf: async (naturalKey, steps) => {
        const first = Math.max(0, steps - OPERATIONS_TOLD_MAX);
        const keys = Array.from({ length: steps - first }, (_, at) => quoteStepKey(naturalKey, first + at));
        const found = collection.find({ hasQuotes: true, quoteKeys: { $in: keys } }, { projection: { _id: 1 } });
        return (await found.sort({ committedAt: 1 }).toArray()).map(({ _id }) => _id);
      },
    },
    unprojected: unprojectedOperations(collection),
  };
}

function unprojectedOperations(collection: Collection<OperationDocument>): UnprojectedOperations {
  return {
    list: async (limit) => {
      const found = collection.find({ projected: false }).hint('projected_false').limit(limit);
      return (await found.project<CountedDocument>(COUNTED).toArray()).map(parseCounted);
    },
    findByIds: async (opIds) => {
      const found = collection.find({ _id: { $in: [...opIds] }, projected: false });
      return (await found.project<CountedDocument>(COUNTED).toArray()).map(parseCounted);
    },
    markProjected: async (opIds) => {
      await collection.updateMany({ _id: { $in: [...opIds] }, projected: false }, { $set: { projected: true } });
    },
  };
}

async function takenFrom(
  collection: Collection<OperationDocument>,
  { naturalKey, step, limit }: { readonly naturalKey: string; readonly step: number; readonly limit: number },
): Promise<readonly Amount[]> {
  const taken: Amount[] = [];
  for (let ahead = LOOK_AHEAD; taken.length < limit; ahead = Math.min(2 * ahead, LOOK_AHEAD_MAX)) {
    const from = step + taken.length;
    const length = Math.min(ahead, limit - taken.length);
    const found = await takenBy(
      collection,
      Array.from({ length }, (_, at) => quoteStepKey(naturalKey, from + at)),
    );
    taken.push(...found);
    if (found.length < length) break;
  }
  return taken;
}

/** Steps are taken in order: none is after one that is free. */
async function takenBy(collection: Collection<OperationDocument>, keys: readonly string[]): Promise<readonly Amount[]> {
  const taken = await takenSteps(collection, keys);
  const free = keys.findIndex((key) => !taken.has(key));
  return keys.slice(0, free < 0 ? keys.length : free).map((key) => takenAt(taken, key));
}

function takenAt(taken: ReadonlyMap<string, bigint>, key: string): Amount {
  // The key holds the id of a quote, which an error must not tell.
  const value = present(taken.get(key), 'what a step took');
  assert(value >= 1n, 'a step took nothing');
  return amount(value);
}
