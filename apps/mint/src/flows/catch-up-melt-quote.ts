import type { Clock } from '@assay/shared/kernel/clock';
import { followMelt, type MeltQuote } from '../domain/melt-quote.ts';
import type { MeltQuotes, Melts } from '../melt-ports.ts';

export interface FollowPorts {
  readonly melts: Melts;
  readonly meltQuotes: MeltQuotes;
  readonly clock: Clock;
}

const CHANGES_MAX = 100;

/**
 * The melt quote as its operations say, read from them now; undefined when there is none. Operations are the truth, so
 * whoever ended one may die before its quote says so. Step by step, so that subscribers see PENDING before PAID.
 */
export async function catchUpMeltQuote(ports: FollowPorts, quoteId: string): Promise<MeltQuote | undefined> {
  for (let change = 0; change < CHANGES_MAX; change += 1) {
    const quote = await ports.meltQuotes.find(quoteId);
    if (quote === undefined || quote.state === 'PAID') return quote;
    const next = followMelt(quote, await ports.melts.findLive(quoteId), ports.clock.now());
    if (next === undefined) return quote;
    await ports.meltQuotes.replace(next);
  }
  throw new Error(`a melt quote changed ${CHANGES_MAX} times under its reader`);
}
