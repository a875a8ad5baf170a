import type { Db } from 'mongodb';
import { bytesEqual } from '@assay/shared/kernel/bytes';
import type { StoredBatch } from '../../flows/check-batches.ts';
import { type BatchDocument, type BatchEventEntries, batchOf } from './batch-document.ts';

/** Every batch for the recount: first the sealed ones of each key by key_seq, then the open ones. */
export async function* storedBatches(db: Db, events: BatchEventEntries): AsyncIterable<StoredBatch> {
  const collection = db.collection<BatchDocument>('batches');
  const sealed = collection.find({ keySeq: { $exists: true } }).sort({ lockingKey: 1, keySeq: 1 });
  for await (const document of sealed) yield storedBatch(document, events);
  for await (const document of collection.find({ state: 'open' })) yield storedBatch(document, events);
}

function storedBatch(document: BatchDocument, events: BatchEventEntries): StoredBatch {
  const batch = batchOf(document);
  const { outbox } = document;
  if (batch.state === 'open') {
    return { batch, outboxIsGenuine: outbox.length === 0, waitsInOutbox: false, isOld: false };
  }
  const rendered = events.batchAccepted(batch, batch.seal, undefined);
  const outboxIsGenuine = outbox.every(({ id, body }) => id === rendered.id && bytesEqual(body, rendered.body));
  // Hashes are released 30 d after sealing, long before any batch is removed.
  return { batch, outboxIsGenuine, waitsInOutbox: outbox.length > 0, isOld: !document.hasHashes };
}
