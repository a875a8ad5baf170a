import { fromHex, toHex } from '@assay/shared/kernel/bytes';
import { unixMs } from '@assay/shared/kernel/clock';
import { schnorrSign, xOnlyPublicKeyOf } from '@assay/shared/kernel/schnorr';
import type { AcceptedBatch } from '../src/domain/accepted-batch.ts';
import { batchHash } from '../src/domain/batch-hash.ts';
import type { QuoteTerms } from '../src/domain/quote.ts';
import { type Verdict, verdictHash } from '../src/domain/verdict-hash.ts';

export const POOL_SECRET = fromHex('03'.padStart(64, '0'));
export const AUDITOR_SECRET = fromHex('05'.padStart(64, '0'));
export const POOL_KEY = toHex(xOnlyPublicKeyOf(POOL_SECRET));
export const AUDITOR_KEY = toHex(xOnlyPublicKeyOf(AUDITOR_SECRET));
export const POOLS = new Map([['pool-1', POOL_KEY]]);
export const AUDITOR_KEYS = new Set([AUDITOR_KEY]);

/** A batch that the pool's key signed; `fields` are changed before signing. */
export function aBatch(fields: Partial<AcceptedBatch> = {}, secret = POOL_SECRET): AcceptedBatch {
  const unsigned = {
    batchId: 'b-0001',
    poolId: 'pool-1',
    lockingKey: fromHex('02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9'),
    keySeq: 1n,
    templateId: new Uint8Array(32).fill(1),
    assignedTarget: new Uint8Array(32).fill(2),
    creditShift: 16,
    carryIn: 0n,
    carryOut: 5n,
    creditSum: 28n,
    shareCount: 3,
    sharesRoot: new Uint8Array(32).fill(3),
    ...fields,
  };
  const hash = batchHash(unsigned);
  return { ...unsigned, batchHash: hash, poolSignature: schnorrSign(hash, secret) };
}

export const BATCH = aBatch();

export const TERMS: QuoteTerms = {
  poolId: 'pool-1',
  batchId: 'b-0001',
  lockingKey: toHex(BATCH.lockingKey),
  batchHash: toHex(BATCH.batchHash),
  creditSum: 28n,
};

/** A verdict on `BATCH` that the auditor's key signed; `fields` are changed before signing. */
export function aVerdict(fields: Partial<Verdict> = {}, secret = AUDITOR_SECRET): Verdict {
  const leaf = {
    poolId: 'pool-1',
    batchId: 'b-0001',
    batchHash: TERMS.batchHash,
    result: 'VALID' as const,
    code: 'OK',
    declared: 28n,
    credited: 28n,
    decidedAt: unixMs(1_795_227_413_000),
    excluded: [],
    ...fields,
  };
  const hash = verdictHash(leaf);
  return {
    ...leaf,
    auditorKey: toHex(xOnlyPublicKeyOf(secret)),
    verdictHash: toHex(hash),
    signature: toHex(schnorrSign(hash, secret)),
  };
}
