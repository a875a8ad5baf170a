import type { MintControl, PauseOrders } from '../upkeep-ports.ts';

/**
 * Tells the mint to pause for every breach that it has not answered yet. Throws when it could not be told of one, to be
 * run again (02-auditor section 7).
 */
export async function pauseIssuance({
  orders,
  mint,
}: {
  readonly orders: PauseOrders;
  readonly mint: MintControl;
}): Promise<void> {
  const faults: unknown[] = [];
  for (const order of await orders.pending()) {
    try {
      await mint.pause(order);
      await orders.answered(order);
    } catch (error) {
      // One breach that the mint will not hear of must not silence the others.
      faults.push(error);
    }
  }
  if (faults.length > 0) throw new AggregateError(faults, 'the mint was not told of every breach');
}
