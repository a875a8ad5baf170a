import { fromHex } from '@assay/shared/kernel/bytes';
import { type UnixMs, unixMs } from '@assay/shared/kernel/clock';
import { amount, INT64_MAX } from '@assay/shared/kernel/money';
import { isPublicKey } from '@assay/shared/kernel/schnorr';
import { FUNDED_MAX } from './fund.ts';
import type { Keyset } from './keyset.ts';
import type { Quote, StoredTrace } from './quote.ts';
import type { Unit } from './unit.ts';

/** Methods whose quotes are paid by the fund of their unit when they are made. */
export type FundedMethod = 'reward' | 'escrow';

/** What its maker asks for. */
export interface FundedRequest {
  readonly method: FundedMethod;
  readonly reference: string;
  readonly unit: Unit;
  readonly amount: bigint;
  /** 33 bytes as 66 lower-case hex digits, on the curve or not. */
  readonly pubkey: string;
}

/** Why a request can never succeed: its quote is FAILED with this as its code. */
export type FundingFault = 'UNIT_UNKNOWN' | 'UNIT_NOT_FUNDED' | 'AMOUNT_OUTSIDE_LIMIT' | 'KEY_INVALID';

export function fundedKey({ method, reference }: Pick<FundedRequest, 'method' | 'reference'>): string {
  return `${method}:${reference}`;
}

export function faultOfFunding(
  { unit, amount: asked, pubkey }: FundedRequest,
  keysets: Iterable<Pick<Keyset, 'unit'>>,
  fundedUnits: ReadonlySet<Unit>,
): FundingFault | undefined {
  if (![...keysets].some((keyset) => keyset.unit === unit)) return 'UNIT_UNKNOWN';
  if (!fundedUnits.has(unit)) return 'UNIT_NOT_FUNDED';
  if (asked < 1n || asked > FUNDED_MAX) return 'AMOUNT_OUTSIDE_LIMIT';
  return isPublicKey(fromHex(pubkey)) ? undefined : 'KEY_INVALID';
}

/** Whether the stored quote is what is asked for again; a reference never means two things. */
export function isSameContent(quote: Quote, request: FundedRequest): boolean {
  return (
    quote.unit === request.unit && quote.amountRequested === storable(request.amount) && quote.pubkey === request.pubkey
  );
}

interface Made {
  readonly quote: string;
  readonly now: UnixMs;
  readonly trace: StoredTrace | undefined;
}

/** PAID by the reservation `token` of the fund. */
export function fundedQuote(request: FundedRequest, { token, ...made }: Made & { readonly token: string }): Quote {
  const paid = amount(request.amount);
  return {
    ...quoteOf(request, made, 'PAID'),
    amountPaid: paid,
    fundToken: token,
    payments: [{ id: `fund:${token}`, amount: paid }],
  };
}

/** FAILED for ever: the reference is used up. */
export function unfundableQuote(request: FundedRequest, { code, ...made }: Made & { readonly code: string }): Quote {
  return { ...quoteOf(request, made, 'FAILED'), auditCode: code };
}

function quoteOf(request: FundedRequest, { quote, now, trace }: Made, state: 'PAID' | 'FAILED'): Quote {
  const { method, reference, unit, pubkey } = request;
  const nothing = amount(0n);
  return {
    ...{ naturalKey: fundedKey(request), quote, method, unit, pubkey, state, reference },
    ...{ amountRequested: storable(request.amount), amountPaid: nothing, amountIssued: nothing, issueCount: 0 },
    ...{ auditCode: undefined, auditNote: undefined, batchHash: undefined, poolId: undefined, batchId: undefined },
    ...{ request: undefined, lookupId: undefined, fundToken: undefined, expiry: undefined, verdict: undefined },
    ...{ createdAt: now, updatedAt: unixMs(now - (now % 1_000)), payments: [], trace },
    history: [{ event: 'created', state, at: now }],
    version: 1,
  };
}

/** What is beyond int64 is beyond every limit too: its quote is FAILED whatever it was. */
function storable(asked: bigint) {
  return amount(asked > INT64_MAX ? INT64_MAX : asked);
}
