import type { CollectionDefinition } from '@assay/shared/runtime/mongo';
import type { KeysetSupply, MethodSupply, Supply } from '../../domain/supply.ts';
import { methodScope } from '../../domain/supply.ts';

export type SupplySums = ({ readonly kind: 'keyset' } & KeysetSupply) | ({ readonly kind: 'method' } & MethodSupply);

/** Counters of one keyset (`_id` its id) or of one method of a unit (`_id` `<unit>:<method>`). */
export type SupplyDocument = SupplySums & {
  readonly _id: string;
  /** Number of the last chunk that was added. */
  readonly chunk: number;
};

/** The last chunk of operations on its way into the counters; the only document of its collection. */
export interface ChunkDocument {
  readonly _id: 'current';
  readonly number: number;
  readonly isOpen: boolean;
  readonly opIds: string[];
}

export interface CutDocument {
  /** Start of an hour, `2026-11-26T23:00:00.000Z`. */
  readonly _id: string;
  readonly at: Date;
  readonly scopes: SupplySums[];
}

const NUMBER = { bsonType: ['int', 'long', 'double'], minimum: 0 } as const;
const COUNT = { bsonType: 'long', minimum: 0 } as const;

export const SUPPLY: CollectionDefinition = {
  name: 'supply',
  schema: {
    bsonType: 'object',
    required: ['_id', 'kind', 'unit', 'chunk'],
    properties: {
      kind: { enum: ['keyset', 'method'] },
      unit: { bsonType: 'string' },
      chunk: NUMBER,
      issuedCount: COUNT,
      issuedSum: COUNT,
      spentCount: COUNT,
      spentSum: COUNT,
      operations: COUNT,
      minted: COUNT,
      ...{ melted: COUNT, redeemed: COUNT, fees: COUNT, surplus: COUNT },
    },
  },
  indexes: [],
};

export const SUPPLY_CHUNKS: CollectionDefinition = {
  name: 'supplyChunks',
  schema: {
    bsonType: 'object',
    required: ['_id', 'number', 'isOpen', 'opIds'],
    properties: {
      _id: { enum: ['current'] },
      number: NUMBER,
      isOpen: { bsonType: 'bool' },
      opIds: { bsonType: 'array', maxItems: 1_000, items: { bsonType: 'string' } },
    },
  },
  indexes: [],
};

export const SUPPLY_CUTS: CollectionDefinition = {
  name: 'supplyCuts',
  schema: {
    bsonType: 'object',
    required: ['_id', 'at', 'scopes'],
    properties: { at: { bsonType: 'date' }, scopes: { bsonType: 'array', maxItems: 10_000 } },
  },
  indexes: [{ name: 'at_time', keys: { at: 1 }, unique: true }],
};

/** Scope → its sums. */
export function scopesOf(supply: Supply): ReadonlyMap<string, SupplySums> {
  return new Map<string, SupplySums>([
    ...[...supply.keysets].map(([id, sums]) => [id, { kind: 'keyset', ...sums }] as const),
    ...[...supply.methods].map(([id, sums]) => [id, { kind: 'method', ...sums }] as const),
  ]);
}

export function supplyOf(scopes: Iterable<SupplySums>): Supply {
  const keysets = new Map<string, KeysetSupply>();
  const methods = new Map<string, MethodSupply>();
  for (const sums of scopes) {
    if (sums.kind === 'keyset') keysets.set(sums.keyset, keysetOf(sums));
    else methods.set(methodScope(sums.unit, sums.method), methodOf(sums));
  }
  return { keysets, methods };
}

function keysetOf({ keyset, unit, issuedCount, issuedSum, spentCount, spentSum }: KeysetSupply): KeysetSupply {
  return { keyset, unit, issuedCount, issuedSum, spentCount, spentSum };
}

function methodOf({ unit, method, operations, minted, melted, redeemed, fees, surplus }: MethodSupply): MethodSupply {
  return { unit, method, operations, minted, melted, redeemed, fees, surplus };
}
