import { sumAmounts } from '@assay/shared/kernel/money';
import type { CountedOperation, Operation } from './operation.ts';
import type { Unit } from './unit.ts';

export interface KeysetSupply {
  readonly keyset: string;
  readonly unit: Unit;
  readonly issuedCount: bigint;
  readonly issuedSum: bigint;
  readonly spentCount: bigint;
  readonly spentSum: bigint;
}

/** Operations without a method count under their kind. */
export type SupplyMethod = NonNullable<Operation['method']> | 'swap' | 'redeem';

export interface MethodSupply {
  readonly unit: Unit;
  readonly method: SupplyMethod;
  readonly operations: bigint;
  readonly minted: bigint;
  /** Left by melts, backend fees included. */
  readonly melted: bigint;
  readonly redeemed: bigint;
  readonly fees: bigint;
  readonly surplus: bigint;
}

/** Sums over operations: keyset id → its counts and sums, `<unit>:<method>` → its flows. */
export interface Supply {
  readonly keysets: ReadonlyMap<string, KeysetSupply>;
  readonly methods: ReadonlyMap<string, MethodSupply>;
}

export interface UnitSupply extends Omit<MethodSupply, 'method' | 'operations'> {
  /** Σ (issued − spent) over the unit's keysets. */
  readonly outstanding: bigint;
}

export const EMPTY_SUPPLY: Supply = { keysets: new Map(), methods: new Map() };

/** `before` and the sums of `operations`. */
export function withOperations(before: Supply, operations: Iterable<CountedOperation>): Supply {
  const keysets = new Map(before.keysets);
  const methods = new Map(before.methods);
  for (const operation of operations) {
    addMethod(methods, operation);
    for (const { keyset, amount } of operation.inputs) addToKeyset(keysets, operation.unit, keyset, { spent: amount });
    for (const { keyset, amount } of operation.outputs)
      addToKeyset(keysets, operation.unit, keyset, { issued: amount });
  }
  return { keysets, methods };
}

/** Sums of two disjoint sets of operations. */
export function addSupplies(a: Supply, b: Supply): Supply {
  const keysets = new Map(a.keysets);
  for (const [id, sums] of b.keysets) keysets.set(id, plusKeyset(keysets.get(id) ?? noKeyset(sums), sums));
  const methods = new Map(a.methods);
  for (const [id, sums] of b.methods) methods.set(id, plusMethod(methods.get(id) ?? noMethod(sums), sums));
  return { keysets, methods };
}

/** Sums of the operations of `all` that are not in `part`; what nothing is left of has no sums. */
export function minusSupply(all: Supply, part: Supply): Supply {
  const less = addSupplies(all, negated(part));
  return {
    keysets: new Map([...less.keysets].filter(([, sums]) => sums.issuedCount !== 0n || sums.spentCount !== 0n)),
    methods: new Map([...less.methods].filter(([, sums]) => sums.operations !== 0n)),
  };
}

export function unitSupplies(supply: Supply): readonly UnitSupply[] {
  const keysets = [...supply.keysets.values()];
  const methods = [...supply.methods.values()];
  const units = new Set([...keysets, ...methods].map(({ unit }) => unit));
  return [...units].sort().map((unit) => {
    const flows = methods.filter((method) => method.unit === unit);
    return {
      unit,
      minted: sum(flows.map(({ minted }) => minted)),
      melted: sum(flows.map(({ melted }) => melted)),
      redeemed: sum(flows.map(({ redeemed }) => redeemed)),
      fees: sum(flows.map(({ fees }) => fees)),
      surplus: sum(flows.map(({ surplus }) => surplus)),
      outstanding: sum(keysets.filter((k) => k.unit === unit).map(({ issuedSum, spentSum }) => issuedSum - spentSum)),
    };
  });
}

export function countedOperations(supply: Supply): bigint {
  return sum([...supply.methods.values()].map(({ operations }) => operations));
}

export function methodScope(unit: Unit, method: SupplyMethod): string {
  return `${unit}:${method}`;
}

function negated({ keysets, methods }: Supply): Supply {
  return {
    keysets: new Map(
      [...keysets].map(([id, { keyset, unit, issuedCount, issuedSum, spentCount, spentSum }]) => [
        id,
        {
          ...{ keyset, unit, issuedCount: -issuedCount, issuedSum: -issuedSum },
          ...{ spentCount: -spentCount, spentSum: -spentSum },
        },
      ]),
    ),
    methods: new Map(
      [...methods].map(([id, { unit, method, operations, minted, melted, redeemed, fees, surplus }]) => [
        id,
        {
          ...{ unit, method, operations: -operations, minted: -minted, melted: -melted, redeemed: -redeemed },
          ...{ fees: -fees, surplus: -surplus },
        },
      ]),
    ),
  };
}

function addMethod(methods: Map<string, MethodSupply>, operation: CountedOperation): void {
  const { unit, kind, out, fee: fees, surplus } = operation;
  const method: SupplyMethod = operation.method ?? (kind === 'REDEEM' ? 'redeem' : 'swap');
  const scope = methodScope(unit, method);
  const minted = sumAmounts(operation.quotes.map((step) => step.amount));
  const left = kind === 'REDEEM' ? { melted: 0n, redeemed: out } : { melted: out, redeemed: 0n };
  const one = { unit, method, operations: 1n, minted, ...left, fees, surplus };
  methods.set(scope, plusMethod(methods.get(scope) ?? noMethod(one), one));
}

function addToKeyset(
  keysets: Map<string, KeysetSupply>,
  unit: Unit,
  keyset: string,
  { issued, spent }: { issued?: bigint; spent?: bigint },
): void {
  const one = {
    keyset,
    unit,
    issuedCount: issued === undefined ? 0n : 1n,
    issuedSum: issued ?? 0n,
    spentCount: spent === undefined ? 0n : 1n,
    spentSum: spent ?? 0n,
  };
  keysets.set(keyset, plusKeyset(keysets.get(keyset) ?? noKeyset(one), one));
}

function noKeyset({ keyset, unit }: KeysetSupply): KeysetSupply {
  return { keyset, unit, issuedCount: 0n, issuedSum: 0n, spentCount: 0n, spentSum: 0n };
}

function noMethod({ unit, method }: MethodSupply): MethodSupply {
  return { unit, method, operations: 0n, minted: 0n, melted: 0n, redeemed: 0n, fees: 0n, surplus: 0n };
}

function plusKeyset(a: KeysetSupply, b: KeysetSupply): KeysetSupply {
  return {
    ...a,
    issuedCount: a.issuedCount + b.issuedCount,
    issuedSum: a.issuedSum + b.issuedSum,
    spentCount: a.spentCount + b.spentCount,
    spentSum: a.spentSum + b.spentSum,
  };
}

function plusMethod(a: MethodSupply, b: MethodSupply): MethodSupply {
  return {
    ...a,
    operations: a.operations + b.operations,
    minted: a.minted + b.minted,
    melted: a.melted + b.melted,
    redeemed: a.redeemed + b.redeemed,
    fees: a.fees + b.fees,
    surplus: a.surplus + b.surplus,
  };
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}
