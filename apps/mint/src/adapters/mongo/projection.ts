import { amount } from '@assay/shared/kernel/money';
import { unixMs } from '@assay/shared/kernel/clock';
import { present } from '@assay/shared/kernel/assert';
import type { Collection, Db } from 'mongodb';
import { quoteStepKey } from '../../domain/operation.ts';
import type { CommittedStep, QuoteOperations, QuoteSteps, UnprojectedOperations } from '../../ports.ts';
import { type CountedDocument, type OperationDocument, OPERATIONS, parseCounted } from './operation-document.ts';

const WITHOUT_OUTBOX = { projection: { outbox: 0 } } as const;
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
      find: (naturalKey, step) => findStep(collection, quoteStepKey(naturalKey, step)),
      operationsOf: async (naturalKey, steps) => {
        const keys = Array.from({ length: steps }, (_, step) => quoteStepKey(naturalKey, step));
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

async function findStep(collection: Collection<OperationDocument>, key: string): Promise<CommittedStep | undefined> {
  // The flag is in the filter because only with it the partial index applies.
  const found = await collection.findOne({ hasQuotes: true, quoteKeys: key }, WITHOUT_OUTBOX);
  if (found === null) return undefined;
  return {
    opId: found._id,
    amount: amount(present(found.quoteAmounts[found.quoteKeys.indexOf(key)], key)),
    committedAt: unixMs(found.committedAt.getTime()),
    trace: found.trace,
  };
}
