import type { Clock } from '@assay/shared/kernel/clock';
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

const ATTEMPTS_MAX = 5;

/** PENDING → PAID or FAILED by the verdict on the quote's batch, exactly once. */
export async function settleQuote(ports: SettleQuotePorts, verdict: Verdict): Promise<SettleOutcome> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const quote = await ports.quotes.find(ehashKey(verdict.poolId, verdict.batchId));
    if (quote === undefined) return { is: verdict.declared === 0n ? 'without-credit' : 'before-its-batch' };

    const decision = decideSettle(quote, verdict, ports.auditorKeys, ports.clock.now());
    if (decision.do === 'nothing') return { is: 'repeated' };
    if (decision.do === 'refuse') return refused(decision.reason);
    if (await commitSettled(ports.quotes, quote, decision.next)) return settled(decision.next);
  }
  throw new Error(`${verdict.poolId}/${verdict.batchId} changed under ${ATTEMPTS_MAX} attempts to settle it`);
}

function refused(reason: VerdictRefusal): SettleOutcome {
  verdictRefused(reason);
  return { is: 'refused', reason };
}

function settled(quote: Quote): SettleOutcome {
  if (quote.state === 'PAID') quotePaidAfter((settledAt(quote) - quote.createdAt) / 1_000);
  return { is: 'settled' };
}
