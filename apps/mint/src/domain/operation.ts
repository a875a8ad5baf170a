import type { UnixMs } from '@assay/shared/kernel/clock';
import { toHex, lp, type Bytes } from '@assay/shared/kernel/bytes';
import type { Brand } from '@assay/shared/kernel/brand';
import { sha256 } from '@assay/shared/kernel/hash';
import { type Amount, sumAmounts } from '@assay/shared/kernel/money';
import { assert } from '@assay/shared/kernel/assert';
import type { QuoteMethod, StoredTrace } from './quote.ts';
import type { Unit } from './unit.ts';

/** Lower-case hex of a compressed point (66 digits): one text per point, so that texts compare like points. */
export type PointHex = Brand<string, 'PointHex'>;

/** MELT and REDEEM join here with their flows. */
export type OperationKind = 'SWAP' | 'MINT';

export interface OperationInput {
  /** hash_to_curve(secret). */
  readonly y: PointHex;
  readonly keyset: string;
  readonly amount: Amount;
  readonly witness: string | undefined;
}

export interface OperationOutput {
  /** The blinded message. */
  readonly b: PointHex;
  readonly keyset: string;
  readonly amount: Amount;
  /** The blind signature. */
  readonly c: PointHex;
  /** DLEQ, 32 bytes each in lower-case hex. */
  readonly e: string;
  readonly s: string;
}

/** What one mint operation took from one quote. */
export interface QuoteStep {
  readonly naturalKey: string;
  /** `issueCount` of the quote before this operation. */
  readonly step: number;
  readonly amount: Amount;
}

/** One swap or mint: committed whole or not at all (03-mint section 4). */
export interface Operation {
  /** 32 bytes, lower-case hex. */
  readonly opId: string;
  readonly kind: OperationKind;
  /** Undefined for a swap. */
  readonly method: QuoteMethod | undefined;
  readonly unit: Unit;
  readonly committedAt: UnixMs;
  readonly inputs: readonly OperationInput[];
  readonly outputs: readonly OperationOutput[];
  readonly quotes: readonly QuoteStep[];
  readonly fee: Amount;
  readonly trace: StoredTrace | undefined;
}

/** An operation on its way to the store, which knows the time of the insert. */
export type UncommittedOperation = Omit<Operation, 'committedAt'>;

/** op id of an HTTP request: the same path and body bytes are the same operation, for ever. */
export function operationId(path: string, body: Bytes): string {
  return toHex(sha256(lp(path), body));
}

/** The text under which one step of a quote can be taken once. */
export function quoteStepKey(naturalKey: string, step: number): string {
  return `${naturalKey}#${step}`;
}

/** Σ: a swap gives out what it took in less its fee; a mint what its quotes gave (M4, M5). */
export function assertConserved({ kind, opId, inputs, outputs, quotes, fee }: UncommittedOperation): void {
  const given = sumAmounts((kind === 'SWAP' ? inputs : quotes).map((entry) => entry.amount));
  const made = sumAmounts(outputs.map((output) => output.amount));
  assert(given === made + fee, `operation ${opId}: ${given} in, ${made} out, fee ${fee}`);
}
