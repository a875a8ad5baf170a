import { assert, present } from '@assay/shared/kernel/assert';
import { type UnixMs, unixMs } from '@assay/shared/kernel/clock';
import { amount as amountOf } from '@assay/shared/kernel/money';
import type { Versioned } from '@assay/shared/runtime/mongo';
import type { BlankOutput, Melt, MeltIntent, MeltState } from '../../domain/melt.ts';
import type { MeltMethod } from '../../domain/operation.ts';
import { pointHex } from '../../domain/side-checks.ts';
import type { Unit } from '../../domain/unit.ts';
import {
  bytesOf,
  type InputDocument,
  type OperationDocument,
  type OutputDocument,
  parseInput,
  parseOperation,
  renderInput,
} from './operation-document.ts';

/** A blank output, before it is known whether and for how much it is signed. */
export interface ReservedDocument {
  b: Uint8Array;
  keyset: string;
}

/** A melt in `operations`, in any state; of a committed one every field of `OperationDocument` is there. */
export interface MeltDocument extends Versioned {
  kind: 'MELT';
  state: MeltState;
  method: MeltMethod;
  unit: Unit;
  meltQuoteId: string;
  paymentKey: string;
  /** PENDING or COMMITTED: holds its quote and its payment in their unique indexes. */
  meltLive: boolean;
  hasInputs: boolean;
  inputs: InputDocument[];
  /** Inputs of a FAILED one, which no index holds. */
  released: InputDocument[];
  hasOutputs: boolean;
  outputs: (ReservedDocument | OutputDocument)[];
  hasQuotes: false;
  quoteKeys: string[];
  quoteAmounts: bigint[];
  fee: bigint;
  attempt: number;
  updatedAt: Date;
  committedAt?: Date;
  out?: bigint;
  surplus?: bigint;
  preimage?: string;
  projected?: boolean;
}

export function renderMelt(intent: MeltIntent, at: UnixMs): MeltDocument {
  const { opId, method, unit, meltQuoteId, paymentKey } = intent;
  return {
    _id: opId,
    kind: 'MELT',
    method,
    unit,
    meltQuoteId,
    paymentKey,
    hasQuotes: false,
    quoteKeys: [],
    quoteAmounts: [],
    attempt: 1,
    ...renderReserved(intent, at),
    version: 1,
    outbox: [],
  };
}

/** What an attempt to pay sets: the inputs and blank outputs enter the unique indexes, all or none. */
export function renderReserved({ inputs, blanks, fee, trace }: MeltIntent, at: UnixMs) {
  return {
    state: 'PENDING' as const,
    meltLive: true,
    hasInputs: true,
    inputs: inputs.map(renderInput),
    released: [],
    hasOutputs: blanks.length > 0,
    outputs: blanks.map(({ b, keyset }) => ({ b: bytesOf(b), keyset })),
    fee,
    updatedAt: new Date(at),
    ...(trace === undefined ? {} : { trace }),
  };
}

export function parseMelt(document: MeltDocument): Melt {
  const { _id, state, method, unit, meltQuoteId, paymentKey, fee, attempt, version, trace } = document;
  const intent = {
    ...{ opId: _id, method, unit, meltQuoteId, paymentKey, attempt, version, trace },
    inputs: (state === 'FAILED' ? document.released : document.inputs).map(parseInput),
    blanks: state === 'PENDING' ? document.outputs.map(parseBlank) : [],
    fee: amountOf(fee),
    updatedAt: unixMs(document.updatedAt.getTime()),
  };
  if (state !== 'COMMITTED') return { ...intent, state };
  return { ...intent, state, operation: parseOperation(committed(document)), preimage: document.preimage };
}

function parseBlank({ b, keyset }: ReservedDocument): BlankOutput {
  return { b: pointHex(b), keyset };
}

function committed(document: MeltDocument): OperationDocument {
  const { _id: what, committedAt, out, surplus, projected, outputs } = document;
  return {
    ...document,
    state: 'COMMITTED',
    committedAt: present(committedAt, what),
    out: present(out, what),
    surplus: present(surplus, what),
    projected: present(projected, what),
    outputs: outputs.map((output) => {
      assert('c' in output, `${what} is committed with an output that is not signed`);
      return output;
    }),
  };
}
