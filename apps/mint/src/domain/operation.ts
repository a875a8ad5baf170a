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

export type OperationKind = 'SWAP' | 'MINT' | 'MELT' | 'REDEEM';
/** What a melt pays. */
export type MeltMethod = 'bolt11' | 'deposit';

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

/** One swap, mint, melt or redeem: committed whole or not at all (03-mint section 4). */
export interface Operation {
  /** 32 bytes, lower-case hex. */
  readonly opId: string;
  readonly kind: OperationKind;
  /** Undefined for a swap and a redeem. */
  readonly method: QuoteMethod | MeltMethod | undefined;
  readonly unit: Unit;
  readonly committedAt: UnixMs;
  readonly inputs: readonly OperationInput[];
  readonly outputs: readonly OperationOutput[];
  readonly quotes: readonly QuoteStep[];
  readonly fee: Amount;
  /** Left the mint: a melt's amount with the backend's fee, a redeem's amount. */
  readonly out: Amount;
  /** Overpaid by a melt beyond what its blank outputs could take as change. */
  readonly surplus: Amount;
  readonly trace: StoredTrace | undefined;
}

/** What supply, quotes and funds are counted from: an operation without its points and signatures. */
export interface CountedOperation extends Pick<Operation, 'opId' | 'kind' | 'method' | 'unit' | 'quotes'> {
  readonly inputs: readonly Pick<OperationInput, 'keyset' | 'amount'>[];
  readonly outputs: readonly Pick<OperationOutput, 'keyset' | 'amount'>[];
  readonly fee: Amount;
  readonly out: Amount;
  readonly surplus: Amount;
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

/** Σ: what inputs and quotes give is what outputs, fee, payments and surplus take (M4, M5). */
export function assertConserved(operation: Omit<UncommittedOperation, 'trace'>): void {
  const { given, taken } = sidesOf(operation);
  assert(given === taken, `operation ${operation.opId}: ${given} given, ${taken} taken`);
}

/** Both sides of the one equation that holds for every kind of operation. */
export function sidesOf({
  inputs,
  quotes,
  outputs,
  fee,
  out,
  surplus,
}: Pick<Operation, 'inputs' | 'quotes' | 'outputs' | 'fee' | 'out' | 'surplus'>): {
  readonly given: bigint;
  readonly taken: bigint;
} {
  const given = sumAmounts([...inputs, ...quotes].map((entry) => entry.amount));
  return { given, taken: sumAmounts(outputs.map((output) => output.amount)) + fee + out + surplus };
}
