import { unixMs } from '@assay/shared/kernel/clock';
import { amount } from '@assay/shared/kernel/money';
import { type CollectionDefinition, compareAndSet, duplicateIndexOf } from '@assay/shared/runtime/mongo';
import type { Collection, Db } from 'mongodb';
import { type Grant, GRANT_STATES, type GrantState } from '../../domain/grant.ts';
import type { Unit } from '../../domain/unit.ts';
import type { Grants } from '../../fund-ports.ts';

/** `_id` is the grant id. */
export interface GrantDocument {
  _id: string;
  unit: Unit;
  amount: bigint;
  reason: string;
  state: GrantState;
  proposedBy: string;
  proposedAt: Date;
  approvedBy?: string;
  approvedAt?: Date;
  credited: boolean;
  version: number;
}

const SWEEP_MAX = 1_000;
const TEXT = { bsonType: 'string' } as const;

export const GRANTS: CollectionDefinition = {
  name: 'grants',
  schema: {
    bsonType: 'object',
    required: ['_id', 'unit', 'amount', 'reason', 'state', 'proposedBy', 'proposedAt', 'credited', 'version'],
    properties: {
      _id: { bsonType: 'string', minLength: 1, maxLength: 64 },
      unit: TEXT,
      amount: { bsonType: 'long', minimum: 1 },
      ...{ reason: TEXT, proposedBy: TEXT, approvedBy: TEXT },
      state: { enum: [...GRANT_STATES] },
      proposedAt: { bsonType: 'date' },
      approvedAt: { bsonType: 'date' },
      credited: { bsonType: 'bool' },
      version: { bsonType: 'int', minimum: 1 },
    },
  },
  indexes: [
    { name: 'state_id', keys: { state: 1, _id: 1 } },
    { name: 'approved_uncredited', keys: { approvedAt: 1 }, where: { state: 'APPROVED', credited: false } },
  ],
};

/** Grants in MongoDB, changed by compare-and-set. */
export function mongoGrants(db: Db): Grants {
  const collection = db.collection<GrantDocument>(GRANTS.name);
  return {
    find: async (grantId) => {
      const found = await collection.findOne({ _id: grantId });
      return found === null ? undefined : parseGrant(found);
    },
    insert: (grant) => insert(collection, grant),
    replace: (next) => compareAndSet(collection, next.grantId, next.version - 1, { $set: renderGrant(next) }),
    markCredited: async (grantId) => {
      await collection.updateOne({ _id: grantId, state: 'APPROVED' }, { $set: { credited: true } });
    },
    listUncredited: async () => {
      const found = collection.find({ state: 'APPROVED', credited: false }).sort({ approvedAt: 1 }).limit(SWEEP_MAX);
      return (await found.toArray()).map(parseGrant);
    },
    list: async ({ state, after, limit }) => {
      const filter = {
        ...(state === undefined ? {} : { state }),
        ...(after === undefined ? {} : { _id: { $gt: after } }),
      };
      return (await collection.find(filter).sort({ _id: 1 }).limit(limit).toArray()).map(parseGrant);
    },
  };
}

async function insert(collection: Collection<GrantDocument>, grant: Grant): Promise<'inserted' | 'exists'> {
  try {
    await collection.insertOne({ _id: grant.grantId, ...renderGrant(grant), version: grant.version });
    return 'inserted';
  } catch (error) {
    if (duplicateIndexOf(error) === '_id_') return 'exists';
    throw error;
  }
}

function renderGrant(grant: Grant): Omit<GrantDocument, '_id' | 'version'> {
  const { unit, amount: value, reason, state, proposedBy, proposedAt, approvedBy, approvedAt, isCredited } = grant;
  return {
    ...{ unit, amount: value, reason, state, proposedBy, credited: isCredited },
    proposedAt: new Date(proposedAt),
    ...(approvedBy === undefined ? {} : { approvedBy }),
    ...(approvedAt === undefined ? {} : { approvedAt: new Date(approvedAt) }),
  };
}

export function parseGrant(document: GrantDocument): Grant {
  const { _id, unit, amount: value, reason, state, proposedBy, proposedAt, approvedBy, approvedAt } = document;
  return {
    ...{ grantId: _id, unit, amount: amount(value), reason, state, proposedBy, approvedBy },
    proposedAt: unixMs(proposedAt.getTime()),
    approvedAt: approvedAt && unixMs(approvedAt.getTime()),
    isCredited: document.credited,
    version: document.version,
  };
}
