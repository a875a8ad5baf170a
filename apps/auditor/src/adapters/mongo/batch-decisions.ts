import type { Collection, UpdateFilter } from 'mongodb';
import { Result, VerdictGiven } from '@assay/proto/gen/assay/auditor/v1/events';
import { TaskKind } from '@assay/proto/gen/assay/auditor/v1/tasks';
import { DeadLetterClass } from '@assay/proto/gen/assay/platform/v1/dead_letters';
import { toHex } from '@assay/shared/kernel/bytes';
import { later, type UnixMs } from '@assay/shared/kernel/clock';
import { compareAndSet, duplicateIndexOf } from '@assay/shared/runtime/mongo';
import { type OutboxEntry, outboxEntry } from '@assay/shared/runtime/outbox';
import type { BatchDecisions, BatchVerdict, Committed, StoredBatch, Trace } from '../../ports.ts';
import { type BatchDocument, CREDITED_INDEX, decimal, KEY_SEQ_INDEX, storedBatch } from './batch-document.ts';
import type { OnCommit } from './on-commit.ts';

type Batches = Collection<BatchDocument>;

/** @param options.onCommit tells the relay. */
export function batchDecisions(
  batches: Batches,
  options: { settleGraceMs: number; onCommit: OnCommit },
): BatchDecisions {
  const commit = async (
    { id, version }: StoredBatch,
    update: UpdateFilter<BatchDocument>,
    event?: OutboxEntry,
  ): Promise<Committed> => {
    const whole = event === undefined ? update : { ...update, $push: { outbox: event } };
    if (!(await compareAndSet(batches, id, version, whole))) return 'stale';
    if (event !== undefined) options.onCommit(id, event);
    return 'committed';
  };
  return {
    find: async (id) => {
      const document = await batches.findOne({ _id: id }, { projection: { credited: 0, outbox: 0, verdict: 0 } });
      return document === null ? undefined : storedBatch(document);
    },
    carryAfter: async (poolId, lockingKey, keySeq) => {
      const query = { poolId, lockingKey: toHex(lockingKey), keySeq: decimal(keySeq), seqHeld: true };
      const found = await batches.findOne(query, { projection: { carryAfter: 1 }, hint: KEY_SEQ_INDEX });
      return found === null ? undefined : BigInt(found.carryAfter);
    },
    settle: async (batch, verdict, trace) => {
      try {
        const message = verdictMessage(batch, verdict);
        const event = outboxEntry('auditor.verdict.given', message, verdict.decidedAtMs, trace);
        return await commit(batch, settleUpdate(batch, verdict, message, options.settleGraceMs), event);
      } catch (error) {
        if (duplicateIndexOf(error) === CREDITED_INDEX) return 'duplicate';
        throw error;
      }
    },
    hold: (batch, { code, attempt, nextAtMs }) =>
      commit(batch, { $set: { code, attempt, nextAt: new Date(nextAtMs) } }),
    giveUp: (batch, end, trace) =>
      commit(
        batch,
        {
          $set: { state: 'DEAD', code: end.code, attempt: end.attempt, updatedAt: new Date(end.atMs) },
          $unset: { nextAt: '' },
        },
        deadLettered(batch, end, trace),
      ),
    revive: (batch, atMs, automatic) => {
      const revision = batch.revision + 1;
      const task = { kind: TaskKind.TASK_KIND_BATCH, id: batch.id, revision };
      const event = outboxEntry('auditor.check-batch', task, atMs, batch.trace);
      return commit(batch, reviveUpdate(revision, atMs, automatic), event);
    },
    creditedAmong: async (hashes, exceptId) => {
      const query = { credited: { $in: [...hashes] }, hasCredited: true, _id: { $ne: exceptId } };
      const wanted = new Set(hashes);
      const found = await batches.find(query, { projection: { credited: 1 }, hint: CREDITED_INDEX }).toArray();
      return new Set(found.flatMap(({ credited }) => credited).filter((hash) => wanted.has(hash)));
    },
  };
}

function settleUpdate(batch: StoredBatch, verdict: BatchVerdict, message: VerdictGiven, settleGraceMs: number) {
  const decidedAt = new Date(verdict.decidedAtMs);
  const hasCredited = verdict.creditedHashes.length > 0;
  const quoted = batch.batch.creditSum >= 1n;
  return {
    $set: {
      state: verdict.result,
      code: verdict.code,
      updatedAt: decidedAt,
      verdict: {
        result: verdict.result,
        code: verdict.code,
        credited: verdict.credited,
        late: verdict.late,
        decidedAt,
        hash: toHex(verdict.verdictHash),
        signature: toHex(verdict.signature),
        event: VerdictGiven.encode(message).finish(),
      },
      excluded: [...verdict.excluded],
      credited: [...verdict.creditedHashes],
      hasCredited,
      ...(verdict.luck === undefined ? {} : { luck: { ...verdict.luck }, luckPending: true }),
      ...(quoted ? { settleDueAt: new Date(later(verdict.decidedAtMs, settleGraceMs)) } : {}),
    },
    $unset: { nextAt: '' as const },
  };
}

function verdictMessage({ batch, revision, version }: StoredBatch, verdict: BatchVerdict): VerdictGiven {
  return {
    batchId: batch.batchId,
    poolId: batch.poolId,
    batchHash: Buffer.from(batch.batchHash),
    templateId: Buffer.from(batch.templateId),
    lockingKey: Buffer.from(batch.lockingKey),
    result: verdict.result === 'VALID' ? Result.RESULT_VALID : Result.RESULT_INVALID,
    code: verdict.code,
    declared: batch.creditSum,
    credited: verdict.credited,
    excluded: verdict.excluded.map(({ index, code }) => ({ index, code })),
    late: verdict.late,
    nodeAnswers: verdict.nodeAnswers.map(({ nodeId, answer }) => ({ nodeId, answer })),
    revision,
    decidedAtMs: BigInt(verdict.decidedAtMs),
    auditorPubkey: Buffer.from(verdict.publicKey),
    verdictHash: Buffer.from(verdict.verdictHash),
    signature: Buffer.from(verdict.signature),
    atMs: BigInt(verdict.decidedAtMs),
    version: BigInt(version + 1),
  };
}

function deadLettered(
  { batch, revision, version }: StoredBatch,
  end: Parameters<BatchDecisions['giveUp']>[1],
  trace: Trace | undefined,
): OutboxEntry {
  const message = {
    batchId: batch.batchId,
    poolId: batch.poolId,
    batchHash: Buffer.from(batch.batchHash),
    class: DeadLetterClass[`DEAD_LETTER_CLASS_${end.class}`],
    code: end.code,
    revision,
    atMs: BigInt(end.atMs),
    version: BigInt(version + 1),
  };
  return outboxEntry('auditor.batch.dead-lettered', message, end.atMs, trace);
}

function reviveUpdate(revision: number, atMs: UnixMs, automatic: boolean): UpdateFilter<BatchDocument> {
  const at = new Date(atMs);
  return {
    $set: { state: 'QUEUED', code: '', revision, attempt: 0, waitingSince: at, updatedAt: at },
    $inc: { autoReplays: automatic ? 1 : 0 },
  };
}
