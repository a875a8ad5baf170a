import { unixMs, type UnixMs } from '@assay/shared/kernel/clock';
import { duplicateIndexOf } from '@assay/shared/runtime/mongo';
import type { AggregateOptions, Collection, Db, Document } from 'mongodb';
import { EMPTY_SUPPLY, type Supply } from '../../domain/supply.ts';
import type { SupplyHistory } from '../../ports.ts';
import { type OperationDocument, OPERATIONS } from './operation-document.ts';
import { type CutDocument, scopesOf, SUPPLY_CUTS, supplyOf, type SupplySums } from './supply-document.ts';

/** Sums over operations by their commit time, made by the server. */
export function mongoSupplyHistory(db: Db): SupplyHistory {
  const operations = db.collection<OperationDocument>(OPERATIONS.name);
  const cuts = db.collection<CutDocument>(SUPPLY_CUTS.name);
  return {
    sumOperations: (from, before) => sumOperations(operations, from, before),
    cutBefore: async (at) => {
      const found = await cuts.findOne({ at: { $lte: new Date(at) } }, { sort: { at: -1 } });
      return found === null ? undefined : { at: unixMs(found.at.getTime()), supply: supplyOf(found.scopes) };
    },
    storeCut: async ({ at, supply }) => {
      const time = new Date(at);
      try {
        await cuts.insertOne({ _id: time.toISOString(), at: time, scopes: [...scopesOf(supply).values()] });
      } catch (error) {
        // Operations before a final cut never change, so whoever was first stored the same.
        if (duplicateIndexOf(error) === undefined) throw error;
      }
    },
  };
}

const NONE = { $toLong: 0 };
const ONE = { $toLong: 1 };

const IS_REDEEM = { $eq: ['$kind', 'REDEEM'] };

const METHODS = [
  {
    $group: {
      _id: { unit: '$unit', method: { $ifNull: ['$method', { $cond: [IS_REDEEM, 'redeem', 'swap'] }] } },
      operations: { $sum: ONE },
      minted: { $sum: { $sum: '$quoteAmounts' } },
      melted: { $sum: { $cond: [IS_REDEEM, NONE, '$out'] } },
      redeemed: { $sum: { $cond: [IS_REDEEM, '$out', NONE] } },
      fees: { $sum: '$fee' },
      surplus: { $sum: '$surplus' },
    },
  },
  {
    $project: {
      _id: 0,
      kind: 'method',
      unit: '$_id.unit',
      method: '$_id.method',
      operations: 1,
      minted: { $toLong: '$minted' },
      melted: { $toLong: '$melted' },
      redeemed: { $toLong: '$redeemed' },
      fees: { $toLong: '$fees' },
      surplus: { $toLong: '$surplus' },
    },
  },
];

/** Per keyset, both sides in one pass: a side that is missing counts 0. */
const KEYSETS = [
  {
    $project: {
      unit: 1,
      sides: {
        $concatArrays: [
          {
            $map: { input: '$inputs', in: sideOf('$$this', { spentCount: ONE, spentSum: '$$this.amount' }) },
          },
          {
            $map: {
              input: '$outputs',
              in: sideOf('$$this', { issuedCount: ONE, issuedSum: '$$this.amount' }),
            },
          },
        ],
      },
    },
  },
  { $unwind: '$sides' },
  {
    $group: {
      _id: { unit: '$unit', keyset: '$sides.keyset' },
      issuedCount: { $sum: '$sides.issuedCount' },
      issuedSum: { $sum: '$sides.issuedSum' },
      spentCount: { $sum: '$sides.spentCount' },
      spentSum: { $sum: '$sides.spentSum' },
    },
  },
  {
    $project: {
      _id: 0,
      kind: 'keyset',
      unit: '$_id.unit',
      keyset: '$_id.keyset',
      issuedCount: 1,
      issuedSum: 1,
      spentCount: 1,
      spentSum: 1,
    },
  },
];

function sideOf(side: string, counted: Document): Document {
  const none = { issuedCount: NONE, issuedSum: NONE, spentCount: NONE, spentSum: NONE };
  return { keyset: `${side}.keyset`, ...none, ...counted };
}

async function sumOperations(operations: Collection<OperationDocument>, from: UnixMs, before: UnixMs): Promise<Supply> {
  return before <= from ? EMPTY_SUPPLY : sumWithin(operations, { $gte: new Date(from), $lt: new Date(before) });
}

/** Of the operations that were committed within these times. */
export async function sumWithin(
  operations: Collection<OperationDocument>,
  times: Document,
  options: AggregateOptions = {},
): Promise<Supply> {
  // Melts that are pending or failed are not committed.
  const within = { $match: { state: 'COMMITTED', committedAt: times } };
  const scopes: SupplySums[] = [];
  for (const stages of [METHODS, KEYSETS]) {
    scopes.push(...(await operations.aggregate<SupplySums>([within, ...stages], options).toArray()));
  }
  return supplyOf(scopes);
}
