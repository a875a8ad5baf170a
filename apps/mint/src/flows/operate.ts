import type { Clock } from '@assay/shared/kernel/clock';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { currentTrace, inSpan, type Span } from '@assay/shared/runtime/telemetry';
import {
  assertConserved,
  type OperationKind,
  type OperationOutput,
  type UncommittedOperation,
} from '../domain/operation.ts';
import { type Refusal, refusal } from '../domain/refusals.ts';
import type { Unit } from '../domain/unit.ts';
import type { CommitOutcome, Keysets, OutputToSign, Operations, Signatory } from '../ports.ts';
import { type OperationOutcome, operationEnded } from '../telemetry.ts';

export const ATTEMPTS_MAX = 5;

export interface OperatePorts {
  readonly operations: Operations;
  readonly clock: Clock;
}

/** What an attempt decided. */
export type PlannedOperation = Omit<UncommittedOperation, 'trace'>;

export interface Attempt {
  readonly kind: OperationKind;
  readonly opId: string;
  /**
   * Whether the operation cannot be committed yet, by something that the first attempt reads anyway: then nobody asks for
   * a stored answer. The insert is what decides, here as everywhere.
   */
  isFresh?(): Promise<boolean>;
  /** Load and decide. `lost` attempts went before: what was read then is stale. */
  plan(lost: number): Promise<Result<PlannedOperation, Refusal>>;
  /** Told when this call committed the operation; not for a stored answer. */
  committed?(span: Span): void;
}

/** Blind signatures in the order of the outputs, or why there are none. */
export type Answer = Result<readonly OperationOutput[], Refusal>;

/**
 * Answers an operation once: the stored answer if there is one; else check → sign → insert → answer. Whoever loses an
 * insert to another operation is decided again from the first row on.
 */
export function operate(ports: OperatePorts, attempt: Attempt, span: Span): Promise<Answer> {
  return measured({ ...ports, kind: attempt.kind, span }, () => attemptUntilDecided(ports, attempt, span));
}

/** For spans: the unit of the first keyset that a request names. A name that a client made up is not repeated. */
export function unitNamed(keysets: Keysets, [first]: readonly { readonly keyset: string }[]): Unit | 'unknown' {
  return (first && keysets.get(first.keyset)?.unit) ?? 'unknown';
}

/** How a request for an operation ended, and what it is answered. */
export interface Ended<Value> {
  readonly outcome: OperationOutcome;
  readonly answer: Result<Value, Refusal>;
}

/** Counts a request for an operation and tells its span how it ended. */
export async function measured<Value>(
  { clock, kind, span }: { readonly clock: Clock; readonly kind: OperationKind; readonly span: Span },
  run: () => Promise<Ended<Value>>,
): Promise<Result<Value, Refusal>> {
  const startedAt = clock.now();
  let outcome: OperationOutcome = 'fault';
  try {
    const ended = await run();
    outcome = ended.outcome;
    return ended.answer;
  } finally {
    span.setAttribute('outcome', outcome);
    operationEnded(kind, outcome, (clock.now() - startedAt) / 1_000);
  }
}

type EndedOperation = Ended<readonly OperationOutput[]>;

async function attemptUntilDecided(ports: OperatePorts, attempt: Attempt, span: Span): Promise<EndedOperation> {
  for (let lost = 0; lost < ATTEMPTS_MAX; lost += 1) {
    const isFresh = lost === 0 && (await attempt.isFresh?.()) === true;
    const replayed = isFresh ? undefined : await storedAnswer(ports, attempt.opId);
    if (replayed !== undefined) return replayed;
    const planned = await attempt.plan(lost);
    // The same request may have committed meanwhile: then its own effects are what was refused here.
    if (!planned.ok) return (await storedAnswer(ports, attempt.opId)) ?? refusedWith(planned.error);
    if ((await commit(ports, planned.value)) === 'duplicate') continue;
    attempt.committed?.(span);
    return { outcome: 'committed', answer: ok(planned.value.outputs) };
  }
  return refusedWith(refusal('concurrent-change'));
}

async function storedAnswer({ operations }: OperatePorts, opId: string): Promise<EndedOperation | undefined> {
  const stored = await operations.find(opId);
  return stored && { outcome: 'replayed', answer: ok(stored.outputs) };
}

export function refusedWith(refused: Refusal): Ended<never> {
  return { outcome: refused.code, answer: err(refused) };
}

async function commit({ operations }: OperatePorts, plan: PlannedOperation): Promise<CommitOutcome> {
  const operation = { ...plan, trace: currentTrace() };
  assertConserved(operation);
  return inSpan('mint.commit', {}, () => operations.commit(operation));
}

/** Signatures for checked outputs. A rotation may have come between the check and the signatory. */
export async function sign(signatory: Signatory, outputs: readonly OutputToSign[]): Promise<Answer> {
  const signed = await inSpan('mint.sign', { attributes: { outputs: outputs.length } }, () =>
    signatory.blindSign(outputs),
  );
  return signed.ok ? signed : err(refusal(signed.error));
}
