import { type Bytes, bytesEqual, fromHex, toHex } from '@assay/shared/kernel/bytes';
import { QUOTE_AMOUNT_MAX } from '@assay/shared/kernel/money';
import { schnorrVerify } from '@assay/shared/kernel/schnorr';
import { type BatchFields, batchHash } from './batch-hash.ts';
import type { QuoteTerms } from './quote.ts';

export interface AcceptedBatch extends BatchFields {
  readonly batchHash: Bytes;
  /** 64 bytes over `batchHash`. */
  readonly poolSignature: Bytes;
}

/** Why a batch becomes no quote → class of its dead letter; DEPENDENCY can be replayed after the cause is mended. */
export const BATCH_REFUSALS = {
  BATCH_MALFORMED: 'POISON',
  POOL_UNKNOWN: 'DEPENDENCY',
  BATCH_HASH: 'POISON',
  BATCH_SIGNATURE: 'POISON',
  CREDIT_OUT_OF_RANGE: 'POISON',
  BATCH_CONFLICT: 'POISON',
} as const satisfies Record<string, 'POISON' | 'DEPENDENCY'>;

export type BatchRefusal = keyof typeof BATCH_REFUSALS;

export type CreateDecision =
  | { readonly do: 'create'; readonly terms: QuoteTerms }
  /** Less than one ehash: the work is in the carry. */
  | { readonly do: 'nothing' }
  | { readonly do: 'refuse'; readonly code: BatchRefusal };

/**
 * Whether an accepted batch becomes a PENDING quote (03-mint section 3, first rows).
 * @param pools pool id → x-only key (hex) that signs its batches.
 */
export function decideCreate(batch: AcceptedBatch, pools: ReadonlyMap<string, string>): CreateDecision {
  if (!isWellFormed(batch)) return { do: 'refuse', code: 'BATCH_MALFORMED' };
  const poolKey = pools.get(batch.poolId);
  if (poolKey === undefined) return { do: 'refuse', code: 'POOL_UNKNOWN' };
  if (!bytesEqual(batchHash(batch), batch.batchHash)) return { do: 'refuse', code: 'BATCH_HASH' };
  if (!schnorrVerify(batch.poolSignature, batch.batchHash, fromHex(poolKey))) {
    return { do: 'refuse', code: 'BATCH_SIGNATURE' };
  }
  if (batch.creditSum > QUOTE_AMOUNT_MAX) return { do: 'refuse', code: 'CREDIT_OUT_OF_RANGE' };
  if (batch.creditSum === 0n) return { do: 'nothing' };
  return { do: 'create', terms: termsOf(batch) };
}

// Fixed sizes are part of the layout: without them two field lists could have one hash.
function isWellFormed(batch: AcceptedBatch): boolean {
  const sizes = [batch.templateId, batch.assignedTarget, batch.sharesRoot, batch.batchHash];
  return (
    /^[A-Za-z0-9_-]{1,64}$/.test(batch.batchId) &&
    /^[a-z0-9-]{1,32}$/.test(batch.poolId) &&
    batch.lockingKey.length === 33 &&
    batch.poolSignature.length === 64 &&
    sizes.every((bytes) => bytes.length === 32)
  );
}

function termsOf(batch: AcceptedBatch): QuoteTerms {
  return {
    poolId: batch.poolId,
    batchId: batch.batchId,
    lockingKey: toHex(batch.lockingKey),
    batchHash: toHex(batch.batchHash),
    creditSum: batch.creditSum,
  };
}
