import { AssertionFailure } from '@assay/shared/kernel/assert';
import {
  type Broken,
  type HeardKeysets,
  keysetBreaches,
  operationBreaches,
  type OperationSums,
  supplyBreaches,
} from '../domain/invariants.ts';
import { emptyFund } from '../domain/fund.ts';
import { fundBreaches, takenInBy } from '../domain/fund-invariants.ts';
import { quoteBreaches } from '../domain/quote-invariants.ts';
import type { Quote } from '../domain/quote.ts';
import { addSupplies, EMPTY_SUPPLY, withOperations } from '../domain/supply.ts';
import type { Unit } from '../domain/unit.ts';
import type { Keysets, StoredOperation, StoredState, StoredStates } from '../ports.ts';
import { recounted } from '../telemetry.ts';
import { pauseIssuance, type PausePorts } from './pause-issuance.ts';

export interface RecountPorts extends PausePorts {
  readonly states: StoredStates;
  readonly keysets: Keysets;
}

const BROKEN_KEPT = 20;

/**
 * Reads everything that is stored as of one instant and evaluates M1–M9. Whatever is broken pauses the mint
 * at level ALL at once. Returns what was found broken, at most 20 of it.
 */
export async function recount(ports: RecountPorts): Promise<readonly Broken[]> {
  if (!ports.keysets.isFresh()) return [];
  const broken = await findBroken(ports);
  recounted(broken.length);
  const [first] = broken;
  if (first !== undefined) {
    const reason = `${first.invariant} ${first.scope}: ${first.what}`;
    await pauseIssuance(ports, { level: 'ALL', reason, by: 'recount' });
  }
  return broken;
}

async function findBroken({ states, keysets, clock }: RecountPorts): Promise<readonly Broken[]> {
  try {
    return await states.atOneInstant(async (state) => {
      const quotes = await countQuotes(state);
      const operations = await countOperations(state, () => ({
        byId: new Map(keysets.all().map((each) => [each.id, each])),
        at: clock.now(),
      }));
      const all = [
        ...indexBreaches(state),
        ...quotes.broken,
        ...operations.broken,
        ...brokenFunds(state, quotes.paidByFunds, operations.sums),
        ...keysetBreaches(keysets.all()),
      ];
      return all.slice(0, BROKEN_KEPT);
    });
  } catch (error) {
    // A document that no flow of ours can have written.
    if (error instanceof AssertionFailure) return [{ invariant: 'M1', scope: 'storage', what: error.message }];
    throw error;
  }
}

interface CountedQuotes {
  readonly broken: readonly Broken[];
  /** Unit → Σ of the quotes that its fund has paid, reservations that are still pending aside. */
  readonly paidByFunds: ReadonlyMap<Unit, bigint>;
}

async function countQuotes(state: StoredState): Promise<CountedQuotes> {
  const pending = new Set(state.funds.flatMap((fund) => fund.pending.map(({ token }) => token)));
  const broken: Broken[] = [];
  const paidByFunds = new Map<Unit, bigint>();
  for await (const page of state.quotes()) {
    if (broken.length < BROKEN_KEPT) broken.push(...page.flatMap(({ quote, steps }) => quoteBreaches(quote, steps)));
    for (const { quote } of page) {
      if (isPaidByFund(quote, pending))
        paidByFunds.set(quote.unit, (paidByFunds.get(quote.unit) ?? 0n) + quote.amountPaid);
    }
  }
  return { broken, paidByFunds };
}

function isPaidByFund({ fundToken }: Quote, pending: ReadonlySet<string>): boolean {
  return fundToken !== undefined && !pending.has(fundToken);
}

async function countOperations(
  state: StoredState,
  keysets: () => HeardKeysets,
): Promise<{ readonly broken: readonly Broken[]; readonly sums: OperationSums }> {
  const broken: Broken[] = [];
  const sums = { yes: EMPTY_SUPPLY, open: EMPTY_SUPPLY, no: EMPTY_SUPPLY };
  for await (const page of state.operations()) {
    const heard = keysets();
    if (broken.length < BROKEN_KEPT) broken.push(...page.flatMap((stored) => storedBreaches(stored, heard)));
    for (const counted of ['yes', 'open', 'no'] as const) {
      const operations = page.filter((stored) => stored.counted === counted).map(({ operation }) => operation);
      sums[counted] = withOperations(sums[counted], operations);
    }
  }
  return { broken: [...broken, ...supplyBreaches(state.counters, sums)], sums };
}

function brokenFunds(
  { funds, grants: approved }: StoredState,
  paidByFunds: ReadonlyMap<Unit, bigint>,
  { yes, open }: OperationSums,
): readonly Broken[] {
  const byUnit = new Map(funds.map((fund) => [fund.unit, fund]));
  const grants = new Map(approved.map((grant) => [grant.grantId, grant]));
  const seen = addSupplies(yes, open);
  const units = new Set([...byUnit.keys(), ...paidByFunds.keys()]);
  return [...units].flatMap((unit) =>
    fundBreaches(byUnit.get(unit) ?? emptyFund(unit), {
      grants,
      paidToQuotes: paidByFunds.get(unit) ?? 0n,
      takenIn: { least: takenInBy(yes, unit), most: takenInBy(seen, unit) },
    }),
  );
}

function storedBreaches(
  { operation, indexed, hasItsQuotes }: StoredOperation,
  keysets: HeardKeysets,
): readonly Broken[] {
  const orphan: Broken = { invariant: 'M5', scope: operation.opId, what: 'minted from a quote that does not exist' };
  return [...operationBreaches(operation, indexed, keysets), ...(hasItsQuotes ? [] : [orphan])];
}

function indexBreaches({ missingIndexes, looseMelts }: StoredState): readonly Broken[] {
  return [
    ...missingIndexes.map((scope) => ({ invariant: 'M3', scope, what: 'the unique index is not there' }) as const),
    ...looseMelts.map((scope) => ({ invariant: 'M3', scope, what: 'a pending melt that locks nothing' }) as const),
  ];
}
