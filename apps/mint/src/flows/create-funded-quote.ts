import { present } from '@assay/shared/kernel/assert';
import { type Clock, later } from '@assay/shared/kernel/clock';
import { amount } from '@assay/shared/kernel/money';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import {
  faultOfFunding,
  fundedKey,
  fundedQuote,
  type FundedRequest,
  isSameContent,
  unfundableQuote,
} from '../domain/funded-quote.ts';
import type { Quote } from '../domain/quote.ts';
import { quoteHash } from '../domain/quote-id.ts';
import type { Unit } from '../domain/unit.ts';
import type { FundedQuotes, Funds } from '../fund-ports.ts';
import type { IssuanceControl, Keysets, QuoteIds, Quotes } from '../ports.ts';
import { currentTrace, inSpan, quoteCameTo } from '../telemetry.ts';

export interface FundedQuotePorts {
  readonly quotes: Quotes;
  readonly fundedQuotes: FundedQuotes;
  readonly funds: Funds;
  readonly quoteIds: QuoteIds;
  readonly control: IssuanceControl;
  readonly keysets: Pick<Keysets, 'all' | 'isFresh'>;
  readonly clock: Clock;
  readonly fundedUnits: ReadonlySet<Unit>;
  /** Counts what is committed and not yet in the funds. */
  readonly projection: { catchUp(): Promise<void> };
}

export type FundedRefusal =
  'REFERENCE_REUSED' | 'FUND_TOO_LOW' | 'ISSUANCE_PAUSED' | 'CONFLICT' | 'DEPENDENCY_UNAVAILABLE';

export type FundedAnswer = Result<Quote, FundedRefusal>;

const ATTEMPTS_MAX = 5;
/** From before the reservation to the quote, by the store's clock; a reservation without quote is released after twenty times as long. */
const INSERT_WITHIN_MS = 30_000;

/**
 * Makes a `reward` or `escrow` quote and pays it from the fund of its unit, once per reference (03-mint section 10).
 *
 * The fund is reserved from, then the quote is stored PAID with the token of its reservation, then the reservation becomes
 * a payment. Whoever ends between two of these leaves a reservation, and `sweepFunds` finds out by the token what it is.
 */
export function createFundedQuote(ports: FundedQuotePorts, request: FundedRequest): Promise<FundedAnswer> {
  const attributes = { method: request.method, unit: request.unit };
  return inSpan('mint.create-quote', { attributes }, async (span) => {
    const answer = await create(ports, request);
    span.setAttribute('outcome', answer.ok ? answer.value.state : answer.error);
    if (answer.ok) span.setAttribute('quote', quoteHash(answer.value.quote));
    return answer;
  });
}

async function create(ports: FundedQuotePorts, request: FundedRequest): Promise<FundedAnswer> {
  const stored = await ports.quotes.find(fundedKey(request));
  if (stored !== undefined) return asStored(stored, request);
  if (ports.control.level() !== 'NONE') return err('ISSUANCE_PAUSED');
  // A unit that is not heard of yet would be FAILED for ever.
  if (!ports.keysets.isFresh()) return err('DEPENDENCY_UNAVAILABLE');
  const code = faultOfFunding(request, ports.keysets.all(), ports.fundedUnits);
  if (code === undefined) return payFromFund(ports, request);
  const quote = unfundableQuote(request, { ...made(ports), code });
  return answerTo(ports, request, quote, await ports.quotes.insert(quote));
}

async function payFromFund(ports: FundedQuotePorts, request: FundedRequest): Promise<FundedAnswer> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const token = ports.quoteIds.next();
    // Before the reservation is made, so that it is there at the deadline, however long this process stands still.
    const deadline = later(await ports.fundedQuotes.storeTime(), INSERT_WITHIN_MS);
    const refused = await reserve(ports, request, token);
    if (refused !== undefined) return refused;
    const quote = fundedQuote(request, { ...made(ports), token });
    const outcome = await ports.fundedQuotes.insertBefore(quote, deadline);
    const answer = outcome === 'late' ? undefined : await answerTo(ports, request, quote, outcome);
    await settleReservation(ports, request.unit, token, answer);
    if (answer !== undefined) return answer;
  }
  return err('CONFLICT');
}

/** Undefined when the amount is reserved. */
async function reserve(
  ports: FundedQuotePorts,
  request: FundedRequest,
  token: string,
): Promise<FundedAnswer | undefined> {
  const key = fundedKey(request);
  const change = { do: 'reserve', key, amount: amount(request.amount), token, at: ports.clock.now() } as const;
  let outcome = await ports.funds.change(request.unit, change);
  if (outcome === 'too-low') {
    await ports.projection.catchUp();
    outcome = await ports.funds.change(request.unit, change);
  }
  if (outcome === 'changed' || outcome === 'unchanged') return undefined;
  // What the fund is too low for may be this very quote, reserved by a request that was faster.
  const stored = await ports.quotes.find(key);
  if (stored !== undefined) return asStored(stored, request);
  return err(outcome === 'too-low' ? 'FUND_TOO_LOW' : 'CONFLICT');
}

async function answerTo(
  { quotes }: FundedQuotePorts,
  request: FundedRequest,
  quote: Quote,
  outcome: 'inserted' | 'exists',
): Promise<FundedAnswer> {
  if (outcome === 'exists') return asStored(present(await quotes.find(quote.naturalKey), quote.naturalKey), request);
  quoteCameTo(quote.method, quote.state);
  return ok(quote);
}

/** Pays for the quote that is stored with this token; releases when another request was first, or ours came too late. */
async function settleReservation(
  { funds }: FundedQuotePorts,
  unit: Unit,
  token: string,
  answer: FundedAnswer | undefined,
): Promise<void> {
  const isPaidByUs = answer?.ok === true && answer.value.fundToken === token;
  // A conflict leaves the reservation to the sweeper.
  await funds.change(unit, { do: isPaidByUs ? 'pay' : 'release', token });
}

function asStored(quote: Quote, request: FundedRequest): FundedAnswer {
  return isSameContent(quote, request) ? ok(quote) : err('REFERENCE_REUSED');
}

function made({ quoteIds, clock }: FundedQuotePorts) {
  return { quote: quoteIds.next(), now: clock.now(), trace: currentTrace() };
}
