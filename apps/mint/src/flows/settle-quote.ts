import type { Clock } from '@assay/shared/kernel/clock';
import { ehashKey, type Quote } from '../domain/quote.ts';
import { decideSettle, type VerdictRefusal } from '../domain/settlement.ts';
import type { Verdict } from '../domain/verdict-hash.ts';
import type { Quotes } from '../ports.ts';
import { currentTrace, inSpan, quoteCameTo, quotePaidAfter, recordSpan, verdictRefused } from '../telemetry.ts';

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
    if (await commit(ports, quote, decision.next)) return { is: 'settled' };
  }
  throw new Error(`${verdict.poolId}/${verdict.batchId} changed under ${ATTEMPTS_MAX} attempts to settle it`);
}

function refused(reason: VerdictRefusal): SettleOutcome {
  verdictRefused(reason);
  return { is: 'refused', reason };
}

/** Continues the share's trace, which is stored with the quote: the wait between the two outlives every process. */
function commit({ quotes }: SettleQuotePorts, before: Quote, next: Quote): Promise<boolean> {
  const attributes = { method: next.method, unit: next.unit, state: next.state };
  const options = { parent: before.trace, links: [currentTrace()], attributes };
  return inSpan('mint.settle-quote', options, async () => {
    if (!(await quotes.replace({ ...next, trace: currentTrace() ?? before.trace }))) return false;
    told(before, next);
    return true;
  });
}

function told(before: Quote, next: Quote): void {
  const endMs = next.history.at(-1)?.at ?? next.updatedAt;
  const waited = { parent: before.trace, startMs: before.createdAt, endMs, attributes: { state: next.state } };
  recordSpan('quote.pending-wait', waited);
  quoteCameTo(next.method, next.state);
  if (next.state === 'PAID') quotePaidAfter((endMs - before.createdAt) / 1_000);
}
