import type { Collection } from 'mongodb';
import { TaskKind } from '@assay/proto/gen/assay/auditor/v1/tasks';
import { assert } from '@assay/shared/kernel/assert';
import { toHex } from '@assay/shared/kernel/bytes';
import { later } from '@assay/shared/kernel/clock';
import { duplicateWrites } from '@assay/shared/runtime/mongo';
import { outboxEntry } from '@assay/shared/runtime/outbox';
import type { BatchIntake, NewBatch } from '../../ports.ts';
import { type BatchDocument, batchKey, decimal, KEY_SEQ_INDEX } from './batch-document.ts';
import { grouped } from './grouped.ts';
import type { OnCommit } from './on-commit.ts';

const INSERTS_MAX = 64;
const INSERTED = '';

/** @param options.onCommit tells the relay. */
export function batchIntake(
  batches: Collection<BatchDocument>,
  options: { quoteGraceMs: number; onCommit: OnCommit },
): BatchIntake {
  const tryInsert = grouped(INSERTS_MAX, async (fresh: readonly BatchDocument[]) => {
    const refused = await insertAll(batches, fresh);
    const outcomes = fresh.map((_, position) => refused.get(position) ?? INSERTED);
    fresh
      .filter((_, position) => outcomes[position] === INSERTED)
      .forEach(({ _id, outbox }) => outbox.forEach((event) => options.onCommit(_id, event)));
    return outcomes;
  });
  const insert = async (fresh: BatchDocument): ReturnType<BatchIntake['insert']> => {
    const index = await tryInsert(fresh);
    if (index === INSERTED) return { kind: 'inserted' };
    // The key_seq is taken: the batch comes in all the same, without holding it.
    if (index === KEY_SEQ_INDEX && fresh.seqHeld) return insert({ ...fresh, seqHeld: false });
    assert(index === '_id_', `no other index refuses a batch: ${index}`);
    return compareWithStored(batches, fresh);
  };
  return { insert: (batch) => insert(freshDocument(batch, options.quoteGraceMs)) };
}

/** Positions that an index refused, with its name. */
async function insertAll(
  batches: Collection<BatchDocument>,
  fresh: readonly BatchDocument[],
): Promise<ReadonlyMap<number, string>> {
  try {
    await batches.insertMany([...fresh], { ordered: false });
    return new Map();
  } catch (error) {
    const refused = duplicateWrites(error);
    if (refused === undefined) throw error;
    return refused;
  }
}

async function compareWithStored(
  batches: Collection<BatchDocument>,
  fresh: BatchDocument,
): ReturnType<BatchIntake['insert']> {
  const stored = await batches.findOne({ _id: fresh._id }, { projection: { batchHash: 1 } });
  // Another intake is about to commit it: whether it has the same content is seen at the next delivery.
  if (stored === null) throw new Error(`batch ${fresh._id} is there and cannot be read yet`);
  return stored.batchHash === fresh.batchHash ? { kind: 'known' } : { kind: 'other-content', hash: stored.batchHash };
}

function freshDocument({ batch, raw, receivedAtMs, trace, ...derived }: NewBatch, quoteGraceMs: number): BatchDocument {
  const id = batchKey(batch);
  const received = new Date(receivedAtMs);
  const quoted = batch.creditSum >= 1n;
  const task = { kind: TaskKind.TASK_KIND_BATCH, id, revision: 0 };
  return {
    _id: id,
    version: 1,
    outbox: [outboxEntry('auditor.check-batch', task, receivedAtMs, trace)],
    ...(trace === undefined ? {} : { trace }),
    event: raw,
    poolId: batch.poolId,
    batchId: batch.batchId,
    batchHash: toHex(batch.batchHash),
    lockingKey: toHex(batch.lockingKey),
    keySeq: decimal(batch.keySeq),
    templateId: toHex(batch.templateId),
    wellShaped: derived.wellShaped,
    carryAfter: decimal(derived.carryAfter),
    quoted,
    seqHeld: true,
    state: 'QUEUED',
    code: '',
    revision: 0,
    attempt: 0,
    receivedAt: received,
    waitingSince: received,
    updatedAt: received,
    autoReplays: 0,
    excluded: [],
    credited: [],
    hasCredited: false,
    mint: { created: false, paid: false, failed: false, issued: false },
    ...(quoted ? { quoteDueAt: new Date(later(receivedAtMs, quoteGraceMs)) } : {}),
    settleTries: 0,
  };
}
