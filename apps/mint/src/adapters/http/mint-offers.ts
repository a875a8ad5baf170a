import type { UnixMs } from '@assay/shared/kernel/clock';
import { type Amount, amount, QUOTE_AMOUNT_MAX } from '@assay/shared/kernel/money';
import type { Bolt11Rules } from '../../domain/bolt11-quote.ts';
import { FUNDED_MAX } from '../../domain/fund.ts';
import { isIssuable, type Keyset } from '../../domain/keyset.ts';
import { METHODS } from '../../domain/methods.ts';
import type { MeltMethod } from '../../domain/operation.ts';
import { QUOTE_METHODS, type QuoteMethod } from '../../domain/quote.ts';
import type { Unit } from '../../domain/unit.ts';
import type { PaymentSettings } from '../../payment-ports.ts';

/** What decides which methods a wallet is offered. */
export interface Offering {
  readonly now: UnixMs;
  readonly keysets: readonly Keyset[];
  readonly fundedUnits: ReadonlySet<Unit>;
  /** Undefined without a payment backend. */
  readonly bolt11:
    { readonly rules: Bolt11Rules; readonly backend: { readonly settings: PaymentSettings } } | undefined;
  /** Units that can be melted into stake; none without a service that credits it. */
  readonly depositUnits: readonly Unit[];
}

interface Offer<Method> {
  readonly method: Method;
  readonly unit: Unit;
  readonly amountMin: Amount;
  readonly amountMax: Amount;
}

export type MintOffer = Offer<QuoteMethod>;
export type MeltOffer = Offer<MeltMethod>;

const ONE = amount(1n);
const QUOTE_MAX = amount(QUOTE_AMOUNT_MAX);

/** Methods of quotes; one is offered in a unit while ecash of that unit can be issued. */
export function mintOffers(offering: Offering): readonly MintOffer[] {
  return QUOTE_METHODS.flatMap((method) =>
    unitsOf(method, offering)
      .filter((unit) => isIssuable(unit, offering.keysets, offering.now))
      .map((unit) => ({ method, unit, ...boundsOf(method, offering) })),
  );
}

/** What ecash can be melted into. Also old keysets melt, so no keyset needs to be active. */
export function meltOffers({ bolt11, depositUnits }: Offering): readonly MeltOffer[] {
  const deposits = depositUnits.map((unit) => ({ ...DEPOSIT, unit }));
  if (bolt11 === undefined) return deposits;
  const { amountMin, amountMax } = bolt11.rules;
  return [{ method: 'bolt11', unit: bolt11.backend.settings.unit, amountMin, amountMax }, ...deposits];
}

const DEPOSIT = { method: 'deposit', amountMin: ONE, amountMax: QUOTE_MAX } as const;

function unitsOf(method: QuoteMethod, { fundedUnits, bolt11 }: Offering): readonly Unit[] {
  if (method === 'bolt11') return bolt11 === undefined ? [] : [bolt11.backend.settings.unit];
  const { unit } = METHODS[method];
  return unit === undefined ? [...fundedUnits] : [unit];
}

function boundsOf(method: QuoteMethod, { bolt11 }: Offering): Pick<MintOffer, 'amountMin' | 'amountMax'> {
  if (method === 'bolt11' && bolt11 !== undefined) {
    return { amountMin: bolt11.rules.amountMin, amountMax: bolt11.rules.amountMax };
  }
  return { amountMin: ONE, amountMax: method === 'ehash' ? QUOTE_MAX : FUNDED_MAX };
}
