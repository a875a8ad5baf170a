import { Result, type VerdictGiven } from '@assay/proto/gen/assay/auditor/v1/events';
import type { BatchAccepted } from '@assay/proto/gen/assay/pool/v1/events';
import { publishEvent, type Bus } from '@assay/shared/runtime/nats';
import { randomBytes } from 'node:crypto';
import type { AcceptedBatch } from '../src/domain/accepted-batch.ts';
import type { Verdict } from '../src/domain/verdict-hash.ts';

const hex = (text: string) => Buffer.from(text, 'hex');

/** The batch as the pool tells it; its shares are only counted by the mint. */
export function batchMessage(batch: AcceptedBatch): BatchAccepted {
  return {
    batchId: batch.batchId,
    poolId: batch.poolId,
    lockingKey: Buffer.from(batch.lockingKey),
    keySeq: batch.keySeq,
    templateId: Buffer.from(batch.templateId),
    assignedTarget: Buffer.from(batch.assignedTarget),
    creditShift: batch.creditShift,
    carryIn: batch.carryIn,
    carryOut: batch.carryOut,
    creditSum: batch.creditSum,
    shares: Array.from({ length: batch.shareCount }, () => ({
      header80: Buffer.alloc(80),
      extranonce: Buffer.alloc(12),
      credit: 0n,
      acceptedAtMs: 0n,
    })),
    sharesRoot: Buffer.from(batch.sharesRoot),
    batchHash: Buffer.from(batch.batchHash),
    poolSignature: Buffer.from(batch.poolSignature),
    windowStartMs: 0n,
    windowEndMs: 0n,
    replacesBatchId: '',
  };
}

export function verdictMessage(verdict: Verdict): VerdictGiven {
  return {
    batchId: verdict.batchId,
    poolId: verdict.poolId,
    batchHash: hex(verdict.batchHash),
    templateId: Buffer.alloc(32),
    lockingKey: Buffer.alloc(33),
    result: verdict.result === 'VALID' ? Result.RESULT_VALID : Result.RESULT_INVALID,
    code: verdict.code,
    declared: verdict.declared,
    credited: verdict.credited,
    excluded: verdict.excluded.map((share) => ({ ...share })),
    late: false,
    nodeAnswers: [],
    revision: 0,
    decidedAtMs: BigInt(verdict.decidedAt),
    auditorPubkey: hex(verdict.auditorKey),
    verdictHash: hex(verdict.verdictHash),
    signature: hex(verdict.signature),
    atMs: BigInt(verdict.decidedAt),
    version: 1n,
  };
}

/** Each publication reaches the consumers: the id is new, so that the stream drops no repeat. */
export async function tellBatch(bus: Bus, batch: AcceptedBatch): Promise<void> {
  await publishEvent(bus, 'pool.batch.accepted', batchMessage(batch), { id: randomBytes(8).toString('hex') });
}

export async function tellVerdict(bus: Bus, verdict: Verdict): Promise<void> {
  await publishEvent(bus, 'auditor.verdict.given', verdictMessage(verdict), { id: randomBytes(8).toString('hex') });
}
