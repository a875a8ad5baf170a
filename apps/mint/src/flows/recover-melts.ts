import { present } from '@assay/shared/kernel/assert';
import { unixMs } from '@assay/shared/kernel/clock';
import type { PendingMelt } from '../domain/melt.ts';
import { meltsLeftPending } from '../telemetry.ts';
import { catchUpMeltQuote } from './catch-up-melt-quote.ts';
import { endMelt, type MeltEnd, payMelt, type PayMeltPorts } from './pay-melt.ts';
import { payerOf } from './payer.ts';

const PAGE = 256;
const AT_ONCE = 16;
/** Whoever reserved a melt is as a rule still paying it, longer under load: asking for it too would add to the load. */
const QUIET_MS = 5_000;

/**
 * Ends melts that nobody waits for any more, by the answers of their payers and by nothing else; returns how many are
 * still pending. Any number of instances may do so at once: what they end is changed once, by compare-and-set.
 */
export async function recoverMelts(ports: PayMeltPorts): Promise<number> {
  const before = unixMs(ports.clock.now() - QUIET_MS);
  const faults: unknown[] = [];
  let ended = 0;
  let found = 0;
  let after: PendingMelt | undefined;
  do {
    const page = await ports.melts.listPending({ before, after, limit: PAGE });
    const end = async (melt: PendingMelt) => void (ended += (await recoverMelt(ports, melt)).isOver ? 1 : 0);
    faults.push(...(await forEach(page, end)));
    found += page.length;
    after = page.length < PAGE ? undefined : page.at(-1);
  } while (after !== undefined);
  meltsLeftPending(found - ended);
  const quotes = await ports.meltQuotes.listPending({ before, limit: PAGE });
  faults.push(...(await forEach(quotes, (quote) => catchUpMeltQuote(ports, quote))));
  if (faults.length > 0) throw new AggregateError(faults, `${faults.length} melts could not be recovered now`);
  return found - ended;
}

async function recoverMelt(ports: PayMeltPorts, melt: PendingMelt): Promise<MeltEnd> {
  const quote = present(await catchUpMeltQuote(ports, melt.meltQuoteId), 'quote of a melt');
  const payment = await payerOf(ports, melt, quote).check();
  return payment.is === 'NEVER_SEEN' ? payMelt(ports, melt, quote) : endMelt(ports, melt, quote, payment);
}

/** One that fails does not keep the others waiting. */
async function forEach<T>(all: readonly T[], run: (one: T) => Promise<unknown>): Promise<readonly unknown[]> {
  const faults: unknown[] = [];
  for (let from = 0; from < all.length; from += AT_ONCE) {
    const settled = await Promise.allSettled(all.slice(from, from + AT_ONCE).map(run));
    faults.push(...settled.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : [])));
  }
  return faults;
}
