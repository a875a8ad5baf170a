import { type Clock, isDue, later, unixMs, type UnixMs } from '@assay/shared/kernel/clock';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { addSupplies, EMPTY_SUPPLY, type Supply } from '../domain/supply.ts';
import type { SupplyCounters, SupplyHistory } from '../ports.ts';

export interface SupplyPorts {
  readonly counters: SupplyCounters;
  readonly history: SupplyHistory;
  readonly clock: Clock;
}

/** An insert takes at most 10 s after its `committedAt`; after 60 s no operation can join a cut any more. */
const FINAL_AFTER_MS = 60_000;
/**
 * A stored cut is never summed again, and only shortens the way: it can wait until also what an instance writes whose clock
 * is minutes behind is in it. Missing one operation it would be wrong for ever, and the recount would pause the mint.
 */
const STORED_AFTER_MS = 600_000;
const HOUR_MS = 3_600_000;
const BEGINNING = unixMs(0);

/** Sums of all operations committed before `at`; without `at` the counters as projected so far. */
export async function getSupply(
  { counters, history, clock }: SupplyPorts,
  at: UnixMs | undefined,
): Promise<Result<Supply, 'CUT_NOT_FINAL'>> {
  if (at === undefined) return ok(await counters.read());
  if (!isDue(later(at, FINAL_AFTER_MS), clock.now())) return err('CUT_NOT_FINAL');
  return ok(await sumBefore(history, at));
}

/** Stores the cut at the last full hour that is over for a while, so that later questions sum little more than an hour. */
export async function storeSupplyCut({ history, clock }: Omit<SupplyPorts, 'counters'>): Promise<void> {
  const before = Math.max(0, clock.now() - STORED_AFTER_MS);
  const hour = unixMs(before - (before % HOUR_MS));
  const newest = await history.cutBefore(hour);
  if (newest?.at !== hour) await history.storeCut({ at: hour, supply: await sumBefore(history, hour) });
}

async function sumBefore(history: SupplyHistory, at: UnixMs): Promise<Supply> {
  const cut = (await history.cutBefore(at)) ?? { at: BEGINNING, supply: EMPTY_SUPPLY };
  return addSupplies(cut.supply, await history.sumOperations(cut.at, at));
}
