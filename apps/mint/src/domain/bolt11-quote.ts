import { fromHex, utf8 } from '@assay/shared/kernel/bytes';
import { type UnixMs, unixMs } from '@assay/shared/kernel/clock';
import type { LockingKey } from '@assay/shared/kernel/ids';
import type { Amount } from '@assay/shared/kernel/money';
import { isPublicKey } from '@assay/shared/kernel/schnorr';
import type { Check } from './checks.ts';
import type { IssuanceLevel } from './issuance-level.ts';
import { newQuote, type Quote } from './quote.ts';
import { refusal } from './refusals.ts';
import { SAT_UNIT } from './unit.ts';

/** What a wallet wants to pay for. */
export interface Bolt11Terms {
  /** As the wallet wrote it; units compare case-insensitively. */
  readonly unit: string;
  readonly amount: Amount;
  readonly pubkey: LockingKey | undefined;
  readonly description: string | undefined;
}

/** As configured. */
export interface Bolt11Rules {
  readonly amountMin: Amount;
  readonly amountMax: Amount;
  /** Whoever knows the id of an unlocked quote mints from it, and an id has 74 random bits only. */
  readonly requiresPubkey: boolean;
  /** Life of an unpaid quote. */
  readonly ttlMs: number;
}

export interface Bolt11Subject {
  readonly terms: Bolt11Terms;
  readonly rules: Bolt11Rules;
  readonly level: IssuanceLevel;
  /** Whether a keyset of the unit is active and not expired: what is paid can be minted. */
  readonly isMintable: boolean;
}

/** What the field of a payment request can hold. */
const DESCRIPTION_BYTES_MAX = 639;

/** In this order; the first that refuses answers. */
export const BOLT11_CHECKS: readonly Check<Bolt11Subject>[] = [
  {
    row: 'point',
    refuse: ({ terms: { pubkey } }) =>
      pubkey === undefined || isPublicKey(fromHex(pubkey)) ? undefined : refusal('bad-request', 'pubkey is no point'),
  },
  {
    row: 'description',
    refuse: ({ terms: { description = '' } }) =>
      utf8(description).length <= DESCRIPTION_BYTES_MAX
        ? undefined
        : refusal('bad-request', `description is more than ${DESCRIPTION_BYTES_MAX} bytes`),
  },
  { row: 'paused', refuse: ({ level }) => (level === 'NONE' ? undefined : refusal('minting-disabled', 'paused')) },
  {
    row: 'unit',
    refuse: ({ terms: { unit }, isMintable }) =>
      unit.toLowerCase() === SAT_UNIT && isMintable ? undefined : refusal('unit-not-supported'),
  },
  {
    row: 'amount',
    refuse: ({ terms: { amount }, rules: { amountMin, amountMax } }) =>
      amount >= amountMin && amount <= amountMax
        ? undefined
        : refusal('amount-outside-limit', `amount is not ${amountMin} to ${amountMax}`),
  },
  {
    row: 'pubkey',
    refuse: ({ terms: { pubkey }, rules: { requiresPubkey } }) =>
      requiresPubkey && pubkey === undefined ? refusal('pubkey-required') : undefined,
  },
];

export function bolt11Key(quote: string): string {
  return `bolt11:${quote}`;
}

/** The quote that waits for the payment of `asked`. */
export function unpaidQuote(
  { amount, pubkey }: Bolt11Terms,
  made: { readonly quote: string; readonly expiry: UnixMs; readonly trace: Quote['trace'] },
  asked: { readonly request: string; readonly lookupId: string },
  now: UnixMs,
): Quote {
  const { request, lookupId } = asked;
  return newQuote(
    {
      ...{ ...made, naturalKey: bolt11Key(made.quote), method: 'bolt11', unit: SAT_UNIT, state: 'UNPAID' },
      ...{ amountRequested: amount, pubkey, request, lookupId },
    },
    now,
  );
}

/** A whole second, as wallets are told. */
export function expiryOf(now: UnixMs, { ttlMs }: Bolt11Rules): UnixMs {
  const at = now + ttlMs;
  return unixMs(at - (at % 1_000));
}
