import { type Clock, later } from '@assay/shared/kernel/clock';
import { amount as amountOf } from '@assay/shared/kernel/money';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import {
  depositKey,
  lightningKey,
  type MeltQuote,
  type MeltTerms,
  parseMeltMethod,
  unpaidMeltQuote,
} from '../domain/melt-quote.ts';
import {
  depositTarget,
  type MeltQuoteRequest,
  type MeltRules,
  refuseDepositAmount,
  refuseMeltAmount,
  refuseOwnTerms,
} from '../domain/melt-terms.ts';
import { type Refusal, refusal } from '../domain/refusals.ts';
import type { MeltQuotes } from '../melt-ports.ts';
import type { QuoteIds } from '../ports.ts';
import type { DepositCredits, PayableQuotes, PaymentBackend } from '../payment-ports.ts';
import { currentTrace, inSpan } from '../telemetry.ts';

export interface CreateMeltPorts {
  readonly meltQuotes: MeltQuotes;
  readonly quoteIds: QuoteIds;
  readonly clock: Clock;
  readonly payable: PayableQuotes;
  readonly meltRules: MeltRules;
  /** Undefined without a payment backend. */
  readonly bolt11: { readonly backend: PaymentBackend } | undefined;
  /** Undefined without an asset that takes deposits. */
  readonly deposits: DepositCredits | undefined;
}

/** NUT-05: what it costs to have `request` paid, for a time. */
export async function createMeltQuote(
  ports: CreateMeltPorts,
  method: string,
  request: MeltQuoteRequest,
): Promise<Result<MeltQuote, Refusal>> {
  const attributes = { method: parseMeltMethod(method) ?? 'unknown', unit: request.unit };
  return inSpan('mint.create-melt-quote', { attributes }, async () => {
    const quote = ports.quoteIds.next();
    const priced = await price(ports, method, quote, request);
    if (!priced.ok) return priced;
    const now = ports.clock.now();
    const terms = { ...priced.value, quote, unit: request.unit, expiry: later(now, ports.meltRules.ttlMs) };
    const created = unpaidMeltQuote(terms, now, currentTrace());
    await ports.meltQuotes.insert(created);
    return ok(created);
  });
}

type Priced = Result<Omit<MeltTerms, 'quote' | 'unit' | 'expiry'>, Refusal>;

function price(ports: CreateMeltPorts, method: string, quote: string, request: MeltQuoteRequest): Promise<Priced> {
  if (method === 'bolt11' && ports.bolt11 !== undefined) {
    return priceLightning(ports, ports.bolt11.backend, quote, request);
  }
  if (method === 'deposit' && ports.deposits !== undefined) return priceDeposit(ports.deposits, quote, request);
  return Promise.resolve(err(refusal('unit-not-supported', 'this method does not melt here')));
}

async function priceLightning(
  { payable, clock, meltRules }: CreateMeltPorts,
  backend: PaymentBackend,
  quote: string,
  { unit, request, partMsat, amountlessMsat }: MeltQuoteRequest,
): Promise<Priced> {
  const { settings } = backend;
  if (unit !== settings.unit) return err(refusal('unit-not-supported'));
  if (partMsat !== undefined && !settings.paysParts) return err(refusal('amount-differs', 'parts are not paid here'));
  if (amountlessMsat !== undefined && !settings.paysAmountless) return err(refusal('amount-missing'));
  const quoted = await backend.quoteOutgoing(request, { partMsat, amountlessMsat });
  if (!quoted.ok) return err(refusal(quoted.error));
  const { amount, feeReserve, lookupId } = quoted.value;
  const own = await payable.findByLookupId(lookupId);
  const refused = refuseMeltAmount(amount, meltRules) ?? (own && refuseOwnTerms(own, amount, clock.now()));
  if (refused !== undefined) return err(refused);
  return ok({
    method: 'bolt11',
    request,
    amount,
    feeReserve: own === undefined ? feeReserve : amountOf(0n),
    paymentKey: lightningKey(lookupId, partMsat === undefined || own !== undefined ? undefined : quote),
    paysQuote: own?.naturalKey,
  });
}

async function priceDeposit(
  deposits: DepositCredits,
  quote: string,
  { unit, request, amount }: MeltQuoteRequest,
): Promise<Priced> {
  const target = depositTarget(request);
  if (target === undefined) return err(refusal('bad-request', 'request is no <account key>:<asset>'));
  const refused = refuseDepositAmount(amount);
  if (refused !== undefined || amount === undefined) return err(refused ?? refusal('bad-request'));
  if (!(await deposits.acceptsUnit(target.asset, unit))) return err(refusal('unit-not-supported'));
  return ok({
    method: 'deposit',
    request: `${target.account}:${target.asset}`,
    amount,
    feeReserve: amountOf(0n),
    paymentKey: depositKey(quote),
    paysQuote: undefined,
  });
}
