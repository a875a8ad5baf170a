import { OperationKind as WireKind } from '@assay/proto/gen/assay/mint/v1/events';
import { type Operation as WireOperation, OperationState } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { traceIdOf } from '@assay/shared/runtime/telemetry';
import type { Melt } from '../../domain/melt.ts';
import type { Operation } from '../../domain/operation.ts';
import { publicNaturalKey } from '../../domain/quote.ts';

export const WIRE_KINDS = {
  SWAP: WireKind.OPERATION_KIND_SWAP,
  MINT: WireKind.OPERATION_KIND_MINT,
  MELT: WireKind.OPERATION_KIND_MELT,
  REDEEM: WireKind.OPERATION_KIND_REDEEM,
} as const satisfies Record<Operation['kind'], WireKind>;

/** Without secrets, signatures and witnesses. */
export function renderCommitted(operation: Operation): WireOperation {
  const { opId, kind, method, unit, committedAt, inputs, outputs, quotes, fee, out, surplus, trace } = operation;
  return {
    ...{ opId, kind: WIRE_KINDS[kind], state: OperationState.OPERATION_STATE_COMMITTED, method: method ?? '' },
    ...{ unit: unit.toUpperCase(), committedAtMs: BigInt(committedAt), fee, out, surplus },
    spent: inputs.map(({ keyset, y, amount }) => ({ keyset, y: bytes(y), amount })),
    issued: outputs.map(({ keyset, b, amount }) => ({ keyset, b: bytes(b), amount })),
    quotes: quotes.map(({ naturalKey, amount }) => ({ naturalKey: publicNaturalKey(naturalKey), amount })),
    traceId: traceIdOf(trace),
    version: 1n,
    released: [],
  };
}

/** A melt as it stands; its own inputs only while it holds them. */
export function renderMelt(melt: Melt): WireOperation {
  if (melt.state === 'COMMITTED') return { ...renderCommitted(melt.operation), version: BigInt(melt.version) };
  const { opId, method, unit, inputs, fee, trace, version, state } = melt;
  const isPending = state === 'PENDING';
  const spent = inputs.map(({ keyset, y, amount }) => ({ keyset, y: bytes(y), amount }));
  return {
    ...{ opId, kind: WireKind.OPERATION_KIND_MELT, method, unit: unit.toUpperCase(), fee, out: 0n, surplus: 0n },
    state: isPending ? OperationState.OPERATION_STATE_PENDING : OperationState.OPERATION_STATE_FAILED,
    ...{ committedAtMs: 0n, spent: isPending ? spent : [], issued: [], quotes: [] },
    ...{ traceId: traceIdOf(trace), version: BigInt(version), released: isPending ? [] : spent.map(({ y }) => y) },
  };
}

function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}
