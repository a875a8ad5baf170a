import type { UnixMs } from '@assay/shared/kernel/clock';
import type { Keyset } from './keyset.ts';
import { type Operation, sidesOf } from './operation.ts';
import { addSupplies, type Supply, unitSupplies } from './supply.ts';
import { TURNOVER, turnoverOf } from './turnover.ts';

/** Invariants of 03-mint section 15 that the recount reads from what is stored. */
export type Invariant = 'M1' | 'M2' | 'M3' | 'M4' | 'M5' | 'M6' | 'M7' | 'M8' | 'M9';

export interface Broken {
  readonly invariant: Invariant;
  /** What it was found on: a natural key, an op id, a keyset, a unit. */
  readonly scope: string;
  readonly what: string;
}

/** Of a rotation, another instance may have heard so much earlier: longer without its subscription none is fresh. */
const UNHEARD_MAX_MS = 120_000;

/** Which sides of an operation the unique indexes hold. */
export interface IndexedSides {
  readonly inputs: boolean;
  readonly outputs: boolean;
  readonly quotes: boolean;
}

/** Keysets as one instance has heard of them by an instant. */
export interface HeardKeysets {
  readonly byId: ReadonlyMap<string, Keyset>;
  readonly at: UnixMs;
}

/** M4 and M8 of one committed operation, and its half of M3 and M5. */
export function operationBreaches(
  operation: Operation,
  indexed: IndexedSides,
  keysets: HeardKeysets,
): readonly Broken[] {
  const { opId: scope, kind, quotes } = operation;
  const { given, taken } = sidesOf(operation);
  const isMint = kind === 'MINT';
  return [
    ...broken(!isHeldUnique(operation, indexed), 'M3', scope, 'a side that no unique index holds'),
    ...broken(given !== taken, isMint ? 'M5' : 'M4', scope, `${given} given, ${taken} taken`),
    ...broken(!isOfItsKind(operation), 'M4', scope, `a ${kind} with what no ${kind} has`),
    ...broken(isMint === (quotes.length === 0), 'M5', scope, `${kind} of ${quotes.length} quotes`),
    ...broken(!isOnOneKeyset(operation, keysets), 'M8', scope, 'outputs on no one keyset of the unit'),
  ];
}

/** What each kind of operation has on its sides; the other amounts are 0. */
function isOfItsKind({ kind, method, inputs, outputs, fee, out, surplus }: Operation): boolean {
  const [hasInputs, hasOutputs] = [inputs.length > 0, outputs.length > 0];
  switch (kind) {
    case 'SWAP':
      return hasInputs && hasOutputs && method === undefined && out + surplus === 0n;
    case 'MINT':
      return !hasInputs && hasOutputs && method !== undefined && fee + out + surplus === 0n;
    case 'MELT':
      return hasInputs && method !== undefined && out > 0n;
    case 'REDEEM':
      return hasInputs && !hasOutputs && method === undefined && out > 0n && surplus === 0n;
  }
}

/** M3 rests on unique indexes, which compare documents that are in them, and never elements inside one document. */
function isHeldUnique({ inputs, outputs, quotes }: Operation, indexed: IndexedSides): boolean {
  return (
    indexed.inputs === inputs.length > 0 &&
    indexed.outputs === outputs.length > 0 &&
    indexed.quotes === quotes.length > 0 &&
    new Set(inputs.map(({ y }) => y)).size === inputs.length &&
    new Set(outputs.map(({ b }) => b)).size === outputs.length
  );
}

/** Sums of the operations that the counters have seen, that they are seeing just now, and that they have not seen. */
export interface OperationSums {
  readonly yes: Supply;
  readonly open: Supply;
  readonly no: Supply;
}

/** M6 of all operations, and the counters against those that they have seen. */
export function supplyBreaches(counters: Supply, sums: OperationSums): readonly Broken[] {
  const seen = addSupplies(sums.yes, sums.open);
  const all = addSupplies(seen, sums.no);
  return [
    ...[...all.keysets.values()].flatMap(({ keyset, issuedSum, spentSum, issuedCount, spentCount }) =>
      broken(
        spentSum > issuedSum || spentCount > issuedCount,
        'M6',
        keyset,
        `${spentSum} spent of ${issuedSum} issued`,
      ),
    ),
    ...unitSupplies(all).flatMap(({ unit, outstanding, minted, fees, melted, redeemed, surplus }) => {
      const gone = fees + melted + redeemed + surplus;
      return broken(
        outstanding !== minted - gone,
        'M6',
        unit,
        `${outstanding} outstanding, ${minted} minted − ${gone}`,
      );
    }),
    ...differingScopes(counters.keysets, sums.yes.keysets, seen.keysets),
    ...differingScopes(counters.methods, sums.yes.methods, seen.methods),
  ];
}

/** M6: operations before a cut never change, so they always add up to it. */
export function cutBreaches(cut: Supply, counted: Supply): readonly Broken[] {
  return [
    ...differingScopes(cut.keysets, counted.keysets, counted.keysets),
    ...differingScopes(cut.methods, counted.methods, counted.methods),
  ];
}

/** M6 can hardly be counted on. */
export function turnoverBreaches(counters: Supply, keysets: Iterable<Keyset>): readonly Broken[] {
  return turnoverOf(counters, keysets).flatMap(({ keyset, issued }) =>
    broken(issued > TURNOVER.stopped, 'M6', keyset, `${issued} issued: the keyset has to be rotated`),
  );
}

/** M8 of the keysets. */
export function keysetBreaches(keysets: Iterable<Keyset>): readonly Broken[] {
  const active = new Map<string, number>();
  for (const keyset of keysets) {
    active.set(keyset.unit, (active.get(keyset.unit) ?? 0) + (keyset.active ? 1 : 0));
  }
  return [...active].flatMap(([unit, count]) => broken(count !== 1, 'M8', unit, `${count} active keysets`));
}

function isOnOneKeyset({ kind, outputs, unit, committedAt }: Operation, { byId, at }: HeardKeysets): boolean {
  const [id, ...others] = new Set(outputs.map(({ keyset }) => keyset));
  if (id === undefined) return kind === 'MELT' || kind === 'REDEEM';
  if (others.length > 0) return false;
  const keyset = byId.get(id);
  return keyset === undefined ? at - committedAt < UNHEARD_MAX_MS : keyset.unit === unit;
}

function differingScopes<T extends object>(
  counters: ReadonlyMap<string, T>,
  without: ReadonlyMap<string, T>,
  withOpen: ReadonlyMap<string, T>,
): readonly Broken[] {
  const scopes = new Set([...counters.keys(), ...withOpen.keys()]);
  return [...scopes].flatMap((scope) => {
    const counted = textOf(counters.get(scope));
    const [least, most] = [textOf(without.get(scope)), textOf(withOpen.get(scope))];
    return broken(counted !== least && counted !== most, 'M6', scope, `counters ${counted}, operations ${most}`);
  });
}

function textOf(sums: object | undefined): string {
  if (sums === undefined) return 'none';
  return Object.entries(sums)
    .map(([name, value]) => `${name} ${String(value)}`)
    .sort()
    .join(', ');
}

/** One finding, or none. */
export function broken(is: boolean, invariant: Invariant, scope: string, what: string): readonly Broken[] {
  return is ? [{ invariant, scope, what }] : [];
}
