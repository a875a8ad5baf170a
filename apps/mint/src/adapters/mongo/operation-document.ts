import { unixMs } from '@assay/shared/kernel/clock';
import { type Amount, amount as amountOf } from '@assay/shared/kernel/money';
import { present } from '@assay/shared/kernel/assert';
import { type CollectionDefinition, type Versioned } from '@assay/shared/runtime/mongo';
import { OUTBOX_SCHEMA } from '@assay/shared/runtime/outbox';
import {
  type CountedOperation,
  type Operation,
  type OperationInput,
  type OperationKind,
  type OperationOutput,
  type QuoteStep,
} from '../../domain/operation.ts';
import { quoteStepKey } from '../../domain/operation.ts';
import { MELT } from '../../domain/melt.ts';
import { pointHex } from '../../domain/side-checks.ts';
import type { Unit } from '../../domain/unit.ts';
import { committedEvent } from './operation-event.ts';

export interface InputDocument {
  /** 33 bytes, as `b` and `c` of an output; `e` and `s` are 32 bytes. */
  y: Uint8Array;
  keyset: string;
  amount: bigint;
  witness?: string;
}

export interface OutputDocument {
  b: Uint8Array;
  keyset: string;
  amount: bigint;
  c: Uint8Array;
  e: Uint8Array;
  s: Uint8Array;
}

/**
 * One committed operation. Arrays exist even when empty; a flag beside each keeps empty ones out of its unique index. The
 * same collection holds melts that are PENDING or FAILED (`MeltDocument`): whoever means committed ones asks for them.
 */
export interface OperationDocument extends Versioned {
  kind: OperationKind;
  state: 'COMMITTED';
  method?: NonNullable<Operation['method']>;
  unit: Unit;
  committedAt: Date;
  hasInputs: boolean;
  inputs: InputDocument[];
  hasOutputs: boolean;
  outputs: OutputDocument[];
  hasQuotes: boolean;
  /** `<natural key>#<issueCount>`, and what each step took. */
  quoteKeys: string[];
  quoteAmounts: bigint[];
  fee: bigint;
  out: bigint;
  surplus: bigint;
  /** Whether quotes and supply have taken it in. */
  projected: boolean;
}

const POINTS = { bsonType: 'array', maxItems: 1_000, items: { bsonType: 'object' } } as const;
const COUNT = { bsonType: 'long', minimum: 0 } as const;

/** 03-mint section 4. A unique multikey index compares documents, never elements inside one. */
export const OPERATIONS: CollectionDefinition = {
  name: 'operations',
  outbox: true,
  schema: {
    bsonType: 'object',
    required: [
      ...['_id', 'kind', 'state', 'unit', 'hasInputs', 'inputs', 'hasOutputs', 'outputs'],
      ...['hasQuotes', 'quoteKeys', 'quoteAmounts', 'fee', 'version', 'outbox'],
    ],
    anyOf: [
      {
        required: ['committedAt', 'out', 'surplus', 'projected'],
        properties: { state: { enum: ['COMMITTED'] } },
      },
      {
        required: ['meltQuoteId', 'meltLive', 'updatedAt'],
        properties: { kind: { enum: ['MELT'] }, state: { enum: ['PENDING', 'FAILED'] } },
      },
    ],
    properties: {
      _id: { bsonType: 'string', minLength: 64, maxLength: 64 },
      kind: { enum: ['SWAP', 'MINT', 'MELT', 'REDEEM'] },
      state: { enum: Object.keys(MELT) },
      committedAt: { bsonType: 'date' },
      meltQuoteId: { bsonType: 'string', minLength: 36, maxLength: 36 },
      paymentKey: { bsonType: 'string', minLength: 1, maxLength: 128 },
      meltLive: { bsonType: 'bool' },
      released: POINTS,
      attempt: { bsonType: 'int', minimum: 1 },
      preimage: { bsonType: 'string', maxLength: 256 },
      updatedAt: { bsonType: 'date' },
      inputs: POINTS,
      outputs: POINTS,
      quoteKeys: { bsonType: 'array', maxItems: 100 },
      quoteAmounts: { bsonType: 'array', maxItems: 100 },
      fee: COUNT,
      out: COUNT,
      surplus: COUNT,
      projected: { bsonType: 'bool' },
      version: { bsonType: 'int', minimum: 1 },
      outbox: OUTBOX_SCHEMA,
    },
  },
  indexes: [
    { name: 'inputsY_unique', keys: { 'inputs.y': 1 }, unique: true, where: { hasInputs: true } },
    { name: 'outputsB_unique', keys: { 'outputs.b': 1 }, unique: true, where: { hasOutputs: true } },
    { name: 'quoteKeys_unique', keys: { quoteKeys: 1 }, unique: true, where: { hasQuotes: true } },
    { name: 'meltQuoteId_unique', keys: { meltQuoteId: 1 }, unique: true, where: { meltLive: true } },
    { name: 'paymentKey_unique', keys: { paymentKey: 1 }, unique: true, where: { meltLive: true } },
    { name: 'state_updatedAt', keys: { state: 1, updatedAt: 1, _id: 1 }, where: { state: 'PENDING' } },
    { name: 'projected_false', keys: { projected: 1 }, where: { projected: false } },
    { name: 'committedAt_time', keys: { committedAt: 1 } },
  ],
};

export function renderOperation(operation: Operation): OperationDocument {
  const { opId, kind, method, unit, committedAt, inputs, outputs, quotes, fee, out, surplus, trace } = operation;
  return {
    _id: opId,
    kind,
    state: 'COMMITTED',
    ...(method === undefined ? {} : { method }),
    unit,
    committedAt: new Date(committedAt),
    hasInputs: inputs.length > 0,
    inputs: inputs.map(renderInput),
    hasOutputs: outputs.length > 0,
    outputs: outputs.map(renderOutput),
    hasQuotes: quotes.length > 0,
    quoteKeys: quotes.map(({ naturalKey, step }) => quoteStepKey(naturalKey, step)),
    quoteAmounts: quotes.map(({ amount }) => amount),
    fee,
    out,
    surplus,
    projected: false,
    ...(trace === undefined ? {} : { trace }),
    version: 1,
    outbox: [committedEvent(operation, 1)],
  };
}

export function parseOperation(document: OperationDocument): Operation {
  const { _id, kind, method, unit, committedAt, inputs, outputs, trace } = document;
  return {
    opId: _id,
    kind,
    method,
    unit,
    committedAt: unixMs(committedAt.getTime()),
    inputs: inputs.map(parseInput),
    outputs: outputs.map(parseOutput),
    quotes: parseSteps(document),
    fee: amountOf(document.fee),
    out: amountOf(document.out),
    surplus: amountOf(document.surplus),
    trace,
  };
}

/** As much of a document as `CountedOperation` needs. */
export interface CountedDocument extends Pick<
  OperationDocument,
  '_id' | 'kind' | 'method' | 'unit' | 'quoteKeys' | 'quoteAmounts' | 'fee' | 'out' | 'surplus'
> {
  readonly inputs: readonly Pick<InputDocument, 'keyset' | 'amount'>[];
  readonly outputs: readonly Pick<OutputDocument, 'keyset' | 'amount'>[];
}

export function parseCounted(document: CountedDocument): CountedOperation {
  const { _id, kind, method, unit, inputs, outputs, fee, out, surplus } = document;
  const side = ({ keyset, amount }: { keyset: string; amount: bigint }) => ({ keyset, amount: amountOf(amount) });
  return {
    ...{
      opId: _id,
      kind,
      method,
      unit,
      inputs: inputs.map(side),
      outputs: outputs.map(side),
      quotes: parseSteps(document),
    },
    ...{ fee: amountOf(fee), out: amountOf(out), surplus: amountOf(surplus) },
  };
}

export function parseOutput({ b, keyset, amount, c, e, s }: OutputDocument): OperationOutput {
  return { b: pointHex(b), keyset, amount: amountOf(amount), c: pointHex(c), e: pointHex(e), s: pointHex(s) };
}

export function parseInput({ y, keyset, amount, witness }: InputDocument): OperationInput {
  return { y: pointHex(y), keyset, amount: amountOf(amount), witness };
}

export function renderInput({ y, keyset, amount, witness }: OperationInput): InputDocument {
  return { y: bytesOf(y), keyset, amount, ...(witness === undefined ? {} : { witness }) };
}

export function renderOutput({ b, keyset, amount, c, e, s }: OperationOutput): OutputDocument {
  return { b: bytesOf(b), keyset, amount, c: bytesOf(c), e: bytesOf(e), s: bytesOf(s) };
}

/** Binary of a point, as it is stored and indexed. */
export function bytesOf(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex');
}

function parseSteps({ quoteKeys, quoteAmounts }: Pick<OperationDocument, 'quoteKeys' | 'quoteAmounts'>): QuoteStep[] {
  return quoteKeys.map((key, index) => parseStep(key, present(quoteAmounts[index], 'amount of a quote step')));
}

function parseStep(key: string, amount: bigint): { naturalKey: string; step: number; amount: Amount } {
  const at = key.lastIndexOf('#');
  return { naturalKey: key.slice(0, at), step: Number(key.slice(at + 1)), amount: amountOf(amount) };
}
