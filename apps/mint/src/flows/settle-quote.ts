import type { Clock } from '@assay/shared/kernel/clock';
import { readAgain } from '@assay/shared/kernel/read-again';
import { ehashKey, type Quote } from '../domain/quote.ts';
import { decideSettle, type VerdictRefusal } from '../domain/settlement.ts';
import type { Verdict } from '../domain/verdict-hash.ts';
import type { Quotes } from '../ports.ts';
import { quotePaidAfter, verdictRefused } from '../telemetry.ts';
import { commitSettled, settledAt } from './commit-settled.ts';

export interface SettleQuotePorts {
  readonly quotes: Quotes;
  readonly clock: Clock;
  /** Accepted x-only keys, hex. */
  readonly auditorKeys: ReadonlySet<string>;
}

export type SettleOutcome =
  | { readonly is: 'settled' | 'repeated' | 'without-credit' | 'before-its-batch' }
  | { readonly is: 'refused'; readonly reason: VerdictRefusal };

/** PENDING → PAID or FAILED by the verdict on the quote's batch, exactly once. */
export function settleQuote(ports: SettleQuotePorts, verdict: Verdict): Promise<SettleOutcome> {
  const { poolId, batchId, declared } = verdict;
  return readAgain<SettleOutcome>(`the quote of ${poolId}/${batchId}`, async () => {
    const quote = await ports.quotes.find(ehashKey(poolId, batchId));
    if (quote === undefined) return { is: declared === 0n ? 'without-credit' : 'before-its-batch' };

    const decision = decideSettle(quote, verdict, ports.auditorKeys, ports.clock.now());
    if (decision.do === 'nothing') return { is: 'repeated' };
    if (decision.do === 'refuse') return refused(decision.reason);
    return (await commitSettled(ports.quotes, quote, decision.next)) ? settled(decision.next) : 'stale';
  });
}

function refused(reason: VerdictRefusal): SettleOutcome {
  verdictRefused(reason);
  return { is: 'refused', reason };
}

function settled(quote: Quote): SettleOutcome {
  if (quote.state === 'PAID') quotePaidAfter((settledAt(quote) - quote.createdAt) / 1_000);
  return { is: 'settled' };
}
