import { type Clock, isDue, later } from '@assay/shared/kernel/clock';
import type { FundChange, Reservation } from '../domain/fund.ts';
import type { Unit } from '../domain/unit.ts';
import type { Funds } from '../fund-ports.ts';
import type { Quotes } from '../ports.ts';

export interface SweepFundsPorts {
  readonly funds: Funds;
  readonly quotes: Pick<Quotes, 'find'>;
  readonly clock: Clock;
}

/** A quote is stored within 30 s of its reservation, which the store sees to; after this none comes any more. */
const WITHOUT_QUOTE_MS = 600_000;

/**
 * Finishes the reservations that their makers left behind: paid where the stored quote names the token, released where it
 * names another, or where no quote came within ten minutes. Any instance may do so at any time.
 */
export async function sweepFunds(ports: SweepFundsPorts): Promise<void> {
  for (const { unit, pending } of await ports.funds.list()) {
    await Promise.all(pending.map((reservation) => sweep(ports, unit, reservation)));
  }
}

async function sweep(ports: SweepFundsPorts, unit: Unit, reservation: Reservation): Promise<void> {
  const change = await changeFor(ports, reservation);
  if (change !== undefined) await ports.funds.change(unit, change);
}

async function changeFor(
  { quotes, clock }: SweepFundsPorts,
  { key, token, at }: Reservation,
): Promise<FundChange | undefined> {
  // Before the quote is looked for: one that is stored after the look is stored in time.
  const isLate = isDue(later(at, WITHOUT_QUOTE_MS), clock.now());
  const quote = await quotes.find(key);
  if (quote !== undefined) return { do: quote.fundToken === token ? 'pay' : 'release', token };
  return isLate ? { do: 'release', token } : undefined;
}
