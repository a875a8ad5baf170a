import type { Clock } from '@assay/shared/kernel/clock';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import {
  BOLT11_CHECKS,
  bolt11Key,
  type Bolt11Rules,
  type Bolt11Terms,
  expiryOf,
  unpaidQuote,
} from '../domain/bolt11-quote.ts';
import { firstRefusal } from '../domain/checks.ts';
import { isIssuable } from '../domain/keyset.ts';
import type { Quote } from '../domain/quote.ts';
import { quoteHash } from '../domain/quote-id.ts';
import { type Refusal, refusal } from '../domain/refusals.ts';
import { SAT_UNIT } from '../domain/unit.ts';
import type { IssuanceControl, Keysets, QuoteIds, Quotes } from '../ports.ts';
import type { PaymentBackend } from '../payment-ports.ts';
import { currentTrace, inSpan, quoteCameTo } from '../telemetry.ts';

/** Lightning as this mint offers it. */
export interface Bolt11Offer {
  readonly backend: PaymentBackend;
  readonly rules: Bolt11Rules;
}

export interface CreateBolt11Ports {
  readonly quoteStore: Quotes;
  readonly quoteIds: QuoteIds;
  readonly keysets: Keysets;
  readonly control: IssuanceControl;
  readonly clock: Clock;
  /** Undefined without a payment backend. */
  readonly bolt11: Bolt11Offer | undefined;
}

/**
 * NUT-04: an UNPAID quote with what the wallet has to pay. The backend is asked first and the quote stored after it,
 * before anybody is told the request: one that has no quote because its maker ended in between is known to nobody who
 * could pay it.
 */
export async function createBolt11Quote(ports: CreateBolt11Ports, terms: Bolt11Terms): Promise<Result<Quote, Refusal>> {
  const { bolt11, keysets, control, clock } = ports;
  if (bolt11 === undefined) return err(refusal('minting-disabled', 'this mint has no Lightning'));
  const now = clock.now();
  const isMintable = isIssuable(SAT_UNIT, keysets.all(), now);
  const subject = { terms, rules: bolt11.rules, level: control.level(), isMintable };
  const refused = firstRefusal(BOLT11_CHECKS, subject);
  if (refused !== undefined) return err(refused);
  const quote = ports.quoteIds.next();
  const attributes = { method: 'bolt11', unit: SAT_UNIT, quote: quoteHash(quote) };
  return inSpan('mint.create-quote', { attributes }, async () => ok(await store(ports, bolt11, terms, quote)));
}

async function store(
  { quoteStore, clock }: CreateBolt11Ports,
  { backend, rules }: Bolt11Offer,
  terms: Bolt11Terms,
  quoteId: string,
): Promise<Quote> {
  const now = clock.now();
  const made = { quote: quoteId, expiry: expiryOf(now, rules), trace: currentTrace() };
  const { amount, description } = terms;
  const quoteKey = bolt11Key(quoteId);
  const asked = await backend.createIncoming({ quoteKey, amount, description, expiry: made.expiry });
  const quote = unpaidQuote(terms, made, asked, now);
  await quoteStore.insert(quote);
  quoteCameTo(quote.method, quote.state);
  return quote;
}
