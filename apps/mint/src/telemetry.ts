import { counter, gauge, histogram } from '@assay/shared/runtime/metrics';
import { ISSUANCE_LEVELS } from './domain/control.ts';
import { type Fund, reservedIn } from './domain/fund.ts';
import type { IssuanceLevel } from './domain/issuance-level.ts';
import type { Nut20Version } from './domain/nut20.ts';
import type { OperationKind } from './domain/operation.ts';
import { QUOTE, QUOTE_METHODS, type QuoteMethod, type QuoteState } from './domain/quote.ts';
import { REFUSALS, type RefusalCode } from './domain/refusals.ts';
import { VERDICT_REFUSALS, type VerdictRefusal } from './domain/settlement.ts';
import type { UnitSupply } from './domain/supply.ts';
import type { Unit } from './domain/unit.ts';

export { currentTrace, inSpan, openSpan, recordSpan, type Span } from '@assay/shared/runtime/telemetry';

const STATES = Object.keys(QUOTE) as QuoteState[];
const TIME_TO_PAID_SECONDS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800, 7_200, 86_400];

const quotes = counter('assay_quotes_total', 'Quotes by the state that they came to', {
  method: QUOTE_METHODS,
  state: STATES,
});
const pending = gauge('assay_quote_pending', 'Quotes whose batch is not judged', {});
const oldestPending = gauge('assay_quote_oldest_pending_age_seconds', 'Age of the oldest pending quote', {});
const timeToPaid = histogram(
  'assay_quote_time_to_paid_seconds',
  'From the creation of a quote to PAID',
  {},
  TIME_TO_PAID_SECONDS,
);
const verdictsRefused = counter('assay_mint_verdicts_refused_total', 'Verdicts that failed a guard', {
  reason: VERDICT_REFUSALS,
});
const issuedUnits = counter('assay_mint_issued_units_total', 'Ecash issued by mint operations', {
  unit: 'open',
  method: QUOTE_METHODS,
});
/** How a payment of the backend was taken; `fault`: the backend could not be asked. */
type PaymentOutcome = 'paid' | 'repeated' | 'refused' | 'unknown' | 'fault';

const payments = counter('assay_mint_payments_total', 'Incoming payments by how they were taken', {
  outcome: ['paid', 'repeated', 'refused', 'unknown', 'fault'] as const satisfies readonly PaymentOutcome[],
});
const fakeLightning = gauge('assay_mint_fake_lightning', '1 when Lightning is fake and has no value', {});
const pendingMelts = gauge('assay_mint_pending_melts', 'Melts whose payment nobody decided for five seconds', {});
const outstanding = gauge('assay_mint_outstanding_units', 'Ecash issued and not spent', { unit: 'open' });
const turnover = gauge('assay_mint_keyset_turnover_units', 'Ever issued on the active keyset', {
  unit: 'open',
});
const funds = gauge(
  'assay_mint_fund_units',
  'What was ever put into a fund and paid by it, and what is reserved in it now',
  {
    unit: 'open',
    part: ['credited', 'paid', 'pending'],
  },
);
const imbalance = gauge('assay_ledger_imbalance_units', 'Invariants that the last recount found broken: 0 always', {});
const pausedAt = gauge('assay_mint_paused', '1 at the level that this instance obeys', { level: ISSUANCE_LEVELS });

/** How a request for an operation ended; `replayed`: the stored answer of the same request; `pending`: a melt not decided. */
export type OperationOutcome = 'committed' | 'replayed' | 'pending' | 'fault' | RefusalCode;

const KINDS = ['SWAP', 'MINT', 'MELT', 'REDEEM'] as const satisfies readonly OperationKind[];
const REFUSAL_CODES = Object.keys(REFUSALS) as RefusalCode[];
const OUTCOMES: readonly OperationOutcome[] = ['committed', 'replayed', 'pending', 'fault', ...REFUSAL_CODES];
const SECONDS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

const operations = counter('assay_mint_operations_total', 'Requests for operations by how they ended', {
  kind: KINDS,
  outcome: OUTCOMES,
});
const duration = histogram('assay_mint_operation_duration_seconds', 'From request to answer', { kind: KINDS }, SECONDS);
const replays = counter('assay_mint_replays_total', 'Requests answered with a stored answer', {});
const nut20 = counter('assay_mint_nut20_total', 'Accepted signatures of locked quotes by message', {
  version: ['v1', 'legacy'],
});
const signing = histogram('assay_signatory_sign_duration_seconds', 'One call of BlindSign', {}, SECONDS);

const subscriptions = gauge('assay_ws_subscriptions', 'Open subscriptions of wallets (NUT-17)', {});
const foundByResync = counter('assay_ws_resync_found_total', 'Changes that no note had told subscribers', {});

export function subscriptionsOpen(count: number): void {
  subscriptions.set({}, count);
}

export function resyncFound(count: number): void {
  foundByResync.add({}, count);
}

export function quoteCameTo(method: QuoteMethod, state: QuoteState): void {
  quotes.add({ method, state });
}

export function quotePaidAfter(seconds: number): void {
  timeToPaid.observe({}, seconds);
}

export function paymentSeen(outcome: PaymentOutcome): void {
  payments.add({ outcome });
}

export function lightningIsFake(): void {
  fakeLightning.set({}, 1);
}

export function pendingQuotes(count: number, oldestAgeSeconds: number): void {
  pending.set({}, count);
  oldestPending.set({}, oldestAgeSeconds);
}

export function verdictRefused(reason: VerdictRefusal): void {
  verdictsRefused.add({ reason });
}

export function unitsIssued(unit: Unit, method: QuoteMethod, amount: bigint): void {
  issuedUnits.add({ unit, method }, Number(amount));
}

export function supplyCounted(units: readonly UnitSupply[]): void {
  for (const { unit, outstanding: value } of units) outstanding.set({ unit }, Number(value));
}

export function keysetTurnedOver(unit: Unit, issued: bigint): void {
  turnover.set({ unit }, Number(issued));
}

export function fundsCounted(counted: readonly Fund[]): void {
  for (const fund of counted) {
    const { unit, credited, paid } = fund;
    funds.set({ unit, part: 'credited' }, Number(credited));
    funds.set({ unit, part: 'paid' }, Number(paid));
    funds.set({ unit, part: 'pending' }, Number(reservedIn(fund)));
  }
}

export function meltsLeftPending(count: number): void {
  pendingMelts.set({}, count);
}

export function recounted(broken: number): void {
  imbalance.set({}, broken);
}

export function levelObeyed(obeyed: IssuanceLevel): void {
  for (const level of ISSUANCE_LEVELS) pausedAt.set({ level }, level === obeyed ? 1 : 0);
}

export function operationEnded(kind: OperationKind, outcome: OperationOutcome, seconds: number): void {
  operations.add({ kind, outcome });
  duration.observe({ kind }, seconds);
  if (outcome === 'replayed') replays.add({});
}

export function quoteSignatureAccepted(version: Nut20Version): void {
  nut20.add({ version });
}

export function signed(seconds: number): void {
  signing.observe({}, seconds);
}
