import { counter, histogram } from '@assay/shared/runtime/metrics';
import type { Nut20Version } from './domain/nut20.ts';
import type { OperationKind } from './domain/operation.ts';
import { REFUSALS, type RefusalCode } from './domain/refusals.ts';

/** How a request for an operation ended; `replayed`: the stored answer of the same request. */
export type OperationOutcome = 'committed' | 'replayed' | 'fault' | RefusalCode;

const KINDS = ['SWAP', 'MINT'] as const satisfies readonly OperationKind[];
const REFUSAL_CODES = Object.keys(REFUSALS) as RefusalCode[];
const OUTCOMES: readonly OperationOutcome[] = ['committed', 'replayed', 'fault', ...REFUSAL_CODES];
const SECONDS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

const operations = counter('assay_mint_operations_total', 'Requests for swaps and mints by how they ended', {
  kind: KINDS,
  outcome: OUTCOMES,
});
const duration = histogram('assay_mint_operation_duration_seconds', 'From request to answer', { kind: KINDS }, SECONDS);
const replays = counter('assay_mint_replays_total', 'Requests answered with a stored answer', {});
const nut20 = counter('assay_mint_nut20_total', 'Accepted signatures of locked quotes by message', {
  version: ['v1', 'legacy'],
});
const signing = histogram('assay_signatory_sign_duration_seconds', 'One call of BlindSign', {}, SECONDS);

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
