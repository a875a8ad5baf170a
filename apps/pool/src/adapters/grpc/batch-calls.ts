import type { BatchAccepted } from '@assay/proto/gen/assay/pool/v1/events';
import {
  type Batch as BatchMessage,
  BatchState,
  type GetBatchRequest,
  type ListBatchesRequest,
} from '@assay/proto/gen/assay/pool/v1/pool_service';
import { unixMs } from '@assay/shared/kernel/clock';
import { ehash } from '@assay/shared/kernel/money';
import { GrpcFault } from '@assay/shared/runtime/grpc-server';
import { decodePageToken, encodePageToken, pageSize } from '@assay/shared/runtime/paging';
import { traceIdOf } from '@assay/shared/runtime/telemetry';
import type { Batch, BatchState as State, OpenBatch, SealedBatch, SignedSeal } from '../../domain/batch.ts';
import type { BatchFilter, BatchPort } from '../../ports.ts';
import { instantOf, lockingKeyOf, tokenNumber, tokenText } from './requests.ts';

export interface BatchCallPorts {
  readonly batches: BatchPort;
  /** Renders a batch as its event does; given by `main`, because the event is another adapter's. */
  readonly batchAccepted: (batch: Batch, seal: SignedSeal) => BatchAccepted;
}

const STATES = {
  open: BatchState.BATCH_STATE_OPEN,
  sealed: BatchState.BATCH_STATE_SEALED,
  valid: BatchState.BATCH_STATE_VALID,
  invalid: BatchState.BATCH_STATE_INVALID,
} as const;
const NOTHING = new Uint8Array(0);

export function batchCalls({ batches, batchAccepted }: BatchCallPorts) {
  const message = (batch: OpenBatch | SealedBatch) => batchMessage(batch, batchAccepted);
  return {
    async getBatch({ batchId }: GetBatchRequest) {
      const batch = await batches.find(batchId);
      if (batch === undefined) throw new GrpcFault('BATCH_UNKNOWN', `there is no batch ${batchId.slice(0, 64)}`);
      return { batch: message(batch) };
    },
    async listBatches(request: ListBatchesRequest) {
      const size = pageSize(request.pageSize);
      const found = await batches.list(filterOf(request), size + 1);
      const page = found.slice(0, size);
      const last = found.length > size ? page.at(-1) : undefined;
      const token = last === undefined ? '' : encodePageToken({ at: String(last.openedAt), id: last.batchId });
      return { batches: page.map(message), nextPageToken: token };
    },
  };
}

function filterOf(request: ListBatchesRequest): BatchFilter {
  const { at, id } = decodePageToken(request.pageToken);
  const openedFrom = instantOf(request.openedFromMs, 'opened_from_ms');
  const openedBefore = instantOf(request.openedBeforeMs, 'opened_before_ms');
  const state = stateOf(request.state);
  return {
    ...(request.lockingKey.length === 0 ? {} : { lockingKey: lockingKeyOf(request.lockingKey) }),
    ...(state === undefined ? {} : { state }),
    ...(openedFrom === undefined ? {} : { openedFrom }),
    ...(openedBefore === undefined ? {} : { openedBefore }),
    ...(request.pageToken === '' ? {} : { after: { openedAt: unixMs(tokenNumber(at)), batchId: tokenText(id) } }),
  };
}

function stateOf(state: BatchState): State | undefined {
  const states = Object.keys(STATES) as State[];
  return states.find((name) => STATES[name] === state);
}

function batchMessage(batch: OpenBatch | SealedBatch, render: BatchCallPorts['batchAccepted']): BatchMessage {
  const sealed = batch.state === 'open' ? undefined : batch;
  return {
    state: STATES[batch.state],
    accepted: render(batch, sealed?.seal ?? unsealed(batch)),
    quoteNaturalKey: `ehash:${batch.poolId}/${batch.batchId}`,
    verdictCode: sealed?.verdict?.code ?? '',
    credited: sealed?.verdict?.credited ?? 0n,
    decidedAtMs: BigInt(sealed?.verdict?.decidedAt ?? 0),
    traceId: traceIdOf(batch.trace),
    deadLettered: sealed?.deadLetterCode !== undefined,
  };
}

/** What an open batch shows in the place of its seal: nothing is decided yet. */
function unsealed(batch: OpenBatch | SealedBatch): SignedSeal {
  const none = ehash(0n);
  return {
    ...{ keySeq: 0n, creditShift: 0, carryIn: 0n, carryOut: 0n, creditSum: none },
    credits: batch.shares.map(() => none),
    ...{ sharesRoot: NOTHING, batchHash: NOTHING, signature: NOTHING, sealedAt: unixMs(0) },
  };
}
