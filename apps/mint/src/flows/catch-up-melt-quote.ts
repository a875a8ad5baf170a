import { present } from '@assay/shared/kernel/assert';
import type { Clock } from '@assay/shared/kernel/clock';
import type { Melt } from '../domain/melt.ts';
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

/** The quote as the change says that the caller just made to its operation; read anew where somebody was faster. */
export async function followOwnMelt(ports: FollowPorts, quote: MeltQuote, live: Melt): Promise<MeltQuote> {
  let followed = quote;
  for (let change = 0; change < CHANGES_MAX; change += 1) {
    const next = followMelt(followed, live, ports.clock.now());
    if (next === undefined) return followed;
    if (!(await ports.meltQuotes.replace(next))) break;
    followed = next;
  }
  return present(await catchUpMeltQuote(ports, quote.quote), 'quote of a melt');
}
