import { OperationKind as WireKind } from '@assay/proto/gen/assay/mint/v1/events';
import { type OutboxEntry, outboxEntry } from '@assay/shared/runtime/outbox';
import type { Operation } from '../../domain/operation.ts';
import { publicNaturalKey } from '../../domain/quote.ts';

const WIRE_KIND = {
  SWAP: WireKind.OPERATION_KIND_SWAP,
  MINT: WireKind.OPERATION_KIND_MINT,
  MELT: WireKind.OPERATION_KIND_MELT,
  REDEEM: WireKind.OPERATION_KIND_REDEEM,
} as const satisfies Record<Operation['kind'], WireKind>;

/** `mint.operation.committed`, stored with its operation; a melt is not committed in its first version. */
export function committedEvent(operation: Operation, version: number): OutboxEntry {
  const { opId, kind, method, unit, committedAt, inputs, outputs, quotes, fee, out, surplus, trace } = operation;
  const message = {
    opId,
    kind: WIRE_KIND[kind],
    method: method ?? '',
    unit: unit.toUpperCase(),
    committedAtMs: BigInt(committedAt),
    spent: inputs.map(({ keyset, y, amount }) => ({ keyset, y: Buffer.from(y, 'hex'), amount })),
    issued: outputs.map(({ keyset, b, amount }) => ({ keyset, b: Buffer.from(b, 'hex'), amount })),
    fee,
    out,
    surplus,
    quotes: quotes.map(({ naturalKey, amount }) => ({ naturalKey: publicNaturalKey(naturalKey), amount })),
    atMs: BigInt(committedAt),
    version: BigInt(version),
  };
  return outboxEntry('mint.operation.committed', message, committedAt, trace);
}
