import { fromHex, toHex } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';
import { schnorrVerify } from '@assay/shared/kernel/schnorr';
import { type Quote, settled } from './quote.ts';
import { type Verdict, verdictHash } from './verdict-hash.ts';

/** Why a verdict is refused; also the metric attribute. */
export const VERDICT_REFUSALS = [
  'malformed',
  'batch-hash',
  'verdict-hash',
  'auditor-key',
  'signature',
  'credited-range',
  'conflict',
] as const;

export type VerdictRefusal = (typeof VERDICT_REFUSALS)[number];

export type SettleDecision =
  | { readonly do: 'settle'; readonly next: Quote }
  /** The verdict that settled the quote came again. */
  | { readonly do: 'nothing' }
  | { readonly do: 'refuse'; readonly reason: VerdictRefusal };

/**
 * What a verdict does to its quote (03-mint section 3). Exactly one verdict ever settles a quote.
 * @param auditorKeys accepted x-only keys, hex.
 */
export function decideSettle(
  quote: Quote,
  verdict: Verdict,
  auditorKeys: ReadonlySet<string>,
  now: UnixMs,
): SettleDecision {
  if (quote.verdict !== undefined) {
    return quote.verdict.hash === verdict.verdictHash ? { do: 'nothing' } : { do: 'refuse', reason: 'conflict' };
  }
  const reason = faultOf(quote, verdict, auditorKeys);
  return reason === undefined ? { do: 'settle', next: settled(quote, verdict, now) } : { do: 'refuse', reason };
}

function faultOf(quote: Quote, verdict: Verdict, auditorKeys: ReadonlySet<string>): VerdictRefusal | undefined {
  if (!isAscending(verdict)) return 'malformed';
  if (verdict.batchHash !== quote.batchHash) return 'batch-hash';
  if (toHex(verdictHash(verdict)) !== verdict.verdictHash) return 'verdict-hash';
  if (!auditorKeys.has(verdict.auditorKey)) return 'auditor-key';
  if (!schnorrVerify(fromHex(verdict.signature), fromHex(verdict.verdictHash), fromHex(verdict.auditorKey))) {
    return 'signature';
  }
  return isInRange(quote, verdict) ? undefined : 'credited-range';
}

function isInRange(quote: Quote, verdict: Verdict): boolean {
  if (verdict.result === 'INVALID') return verdict.credited === 0n;
  return verdict.credited >= 1n && verdict.credited <= quote.amountRequested;
}

function isAscending({ excluded }: Verdict): boolean {
  return excluded.every(({ index }, place) => index > (excluded[place - 1]?.index ?? -1));
}
