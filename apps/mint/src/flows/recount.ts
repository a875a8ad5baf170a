import { AssertionFailure } from '@assay/shared/kernel/assert';
import { unixMs } from '@assay/shared/kernel/clock';
import { emptyFund } from '../domain/fund.ts';
import { fundBreaches, takenInBy } from '../domain/fund-invariants.ts';
import {
  type Broken,
  keysetBreaches,
  type OperationSums,
  supplyBreaches,
  turnoverBreaches,
} from '../domain/invariants.ts';
import { addSupplies, EMPTY_SUPPLY, minusSupply } from '../domain/supply.ts';
import type { Keysets } from '../ports.ts';
import type { StoredSums } from '../recount-ports.ts';
import { recounted } from '../telemetry.ts';
import { pauseIssuance, type PausePorts } from './pause-issuance.ts';
import { newWalk, type Walk, walkOn, type WalkPorts } from './walk-through.ts';

export interface RecountPorts extends PausePorts, WalkPorts {
  readonly keysets: Keysets;
}

const BROKEN_KEPT = 20;
const BEGINNING = unixMs(0);

/**
 * Counts everything again and evaluates M1–M9. Whatever is broken pauses the mint at level ALL at once. Returns what was
 * found broken, at most 20 of it.
 *
 * Sums are read as of one instant, from the newest cut on, so that reading them stays short however much is stored. What
 * they are the sums of is walked through page by page, and the operations before a cut have to add up to it.
 * @param walk where the last call stopped
 * @param walkMs how long to walk on
 */
export async function recount(
  ports: RecountPorts,
  walk: Walk = newWalk(),
  walkMs = Infinity,
): Promise<readonly Broken[]> {
  if (!ports.keysets.isFresh()) return [];
  const broken = (await findBroken(ports, walk, walkMs)).slice(0, BROKEN_KEPT);
  recounted(broken.length);
  const [first] = broken;
  if (first !== undefined) {
    const reason = `${first.invariant} ${first.scope}: ${first.what}`;
    await pauseIssuance(ports, { level: 'ALL', reason, by: 'recount' });
  }
  return broken;
}

async function findBroken(ports: RecountPorts, walk: Walk, walkMs: number): Promise<readonly Broken[]> {
  const sums = await orStorage(() => brokenSums(ports));
  const walked = await orStorage(() => walkOn(ports, walk, walkMs));
  return [...sums, ...walked, ...keysetBreaches(ports.keysets.all())];
}

/** A document that no flow of ours can have written is found when it is read. */
async function orStorage(find: () => Promise<readonly Broken[]>): Promise<readonly Broken[]> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof AssertionFailure) return [{ invariant: 'M1', scope: 'storage', what: error.message }];
    throw error;
  }
}

async function brokenSums({ states, history, keysets, clock }: RecountPorts): Promise<readonly Broken[]> {
  const cut = (await history.cutBefore(clock.now())) ?? { at: BEGINNING, supply: EMPTY_SUPPLY };
  const stored = await states.sums(cut.at);
  const { counters, open, unseen: no, operations } = stored;
  const yes = minusSupply(minusSupply(addSupplies(cut.supply, operations), open), no);
  const sums = { yes, open, no };
  return [
    ...indexBreaches(stored),
    ...turnoverBreaches(counters, keysets.all()),
    ...supplyBreaches(counters, sums),
    ...brokenFunds(stored, sums),
  ];
}

function brokenFunds(
  { funds, grants: approved, paidByFunds }: StoredSums,
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

function indexBreaches({ missingIndexes, looseMelts }: StoredSums): readonly Broken[] {
  return [
    ...missingIndexes.map((scope) => ({ invariant: 'M3', scope, what: 'the unique index is not there' }) as const),
    ...looseMelts.map((scope) => ({ invariant: 'M3', scope, what: 'a pending melt that locks nothing' }) as const),
  ];
}
