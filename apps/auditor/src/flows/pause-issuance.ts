import type { MintControl, PauseOrders } from '../upkeep-ports.ts';

/**
 * Tells the mint to pause for every breach that it has not answered yet. Throws while the mint cannot be reached, to be
 * run again (02-auditor section 7).
 */
export async function pauseIssuance({
  orders,
  mint,
}: {
  readonly orders: PauseOrders;
  readonly mint: MintControl;
}): Promise<number> {
  const pending = await orders.pending();
  for (const order of pending) {
    await mint.pause(order);
    await orders.answered(order);
  }
  return pending.length;
}
