import { counter, gauge, histogram } from '@assay/shared/runtime/metrics';
import { inSpan } from '@assay/shared/runtime/telemetry';
import { REFUSAL_CODES, type RefusalCode } from './domain/refusal.ts';

const OPERATIONS = ['blind-sign', 'verify-proofs', 'rotate-keyset'] as const;
const SIGN_BUCKETS = [0.000_25, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

export type Operation = (typeof OPERATIONS)[number];

const signDuration = histogram(
  'assay_signatory_sign_duration_seconds',
  'Time from a blind-sign request to its signatures, DLEQ included; refused requests are not in it',
  {},
  SIGN_BUCKETS,
);
const signatures = counter('assay_signatory_signatures_total', 'Blind signatures made, repeats included', {});
const refusals = counter('assay_signatory_refusals_total', 'Calls answered with an error code', {
  operation: OPERATIONS,
  code: REFUSAL_CODES,
});
const rotations = counter('assay_signatory_rotations_total', 'Keysets that this instance made active', {});
const keysets = gauge('assay_signatory_keysets_count', 'Keysets in memory', {});

export function countRefusal(operation: Operation, code: RefusalCode): void {
  refusals.add({ operation, code });
}

export function countRotation(): void {
  rotations.add({});
}

export function showKeysets(count: number): void {
  keysets.set({}, count);
}

/** A span of one operation; `count` messages, proofs or amounts. Points, secrets and keys are never attributes. */
export function operationSpan<T>(operation: Operation, count: number, run: () => Promise<T>): Promise<T> {
  return inSpan(`signatory.${operation}`, { attributes: { 'assay.signatory.items': count } }, run);
}

/** The same for signing, which is also timed when it succeeds. */
export function signingSpan<T extends { readonly ok: boolean }>(count: number, run: () => Promise<T>): Promise<T> {
  return operationSpan('blind-sign', count, async () => {
    const startedMs = performance.now();
    const outcome = await run();
    if (outcome.ok) {
      signDuration.observe({}, (performance.now() - startedMs) / 1000);
      signatures.add({}, count);
    }
    return outcome;
  });
}
