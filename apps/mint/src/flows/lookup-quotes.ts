import type { Clock } from '@assay/shared/kernel/clock';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { type LookupProof, refuseLookup } from '../domain/lookup.ts';
import { methodNamed } from '../domain/methods.ts';
import { type Refusal, refusal } from '../domain/refusals.ts';
import type { QuotePage, QuotePosition, QuoteReader } from '../ports.ts';

export interface LookupPorts {
  readonly quotes: QuoteReader;
  readonly clock: Clock;
  readonly lookup: LookupOptions;
}

export interface LookupOptions {
  readonly isEnabled: boolean;
  /** Whether signatures without a timestamp are taken. */
  readonly takesLegacy: boolean;
  /** NUT-06 key of the mint, lower-case hex. */
  readonly mintPubkey: string;
}

export interface LookupRequest extends LookupProof {
  /** Of the path: any text. */
  readonly method: string;
  readonly onlyMintable: boolean;
  readonly after: QuotePosition | undefined;
  readonly limit: number;
}

const NO_QUOTES: QuotePage = { quotes: [], next: undefined };

/** Quotes locked to the keys that signed the request, oldest first. The only way for a miner's wallet to find its quotes. */
export async function lookupQuotes(
  { quotes, clock, lookup }: LookupPorts,
  request: LookupRequest,
): Promise<Result<QuotePage, Refusal>> {
  if (!lookup.isEnabled) return err(refusal('quote-unknown', 'lookup by public key is not offered'));
  const mint = { pubkey: lookup.mintPubkey, takesLegacy: lookup.takesLegacy, now: clock.now() };
  const refused = refuseLookup(request, mint);
  if (refused !== undefined) return err(refused);
  const method = methodNamed(request.method);
  return ok(method === undefined ? NO_QUOTES : await quotes.listByPubkeys({ ...request, method }));
}
