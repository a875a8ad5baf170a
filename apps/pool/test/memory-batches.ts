import { toHex } from '@assay/shared/kernel/bytes';
import { type BatchVerdict, FIRST_HEAD, type OpenBatch, type SealedBatch } from '../src/domain/batch.ts';
import type { BatchPort, BatchWrite, BatchWriteOutcome } from '../src/ports.ts';

type Stored = OpenBatch | SealedBatch;

/** The part of the port that the flows of batches use; lists and retention are the database's. */
export type BatchFlowsPort = Pick<
  BatchPort,
  | 'write'
  | 'seal'
  | 'find'
  | 'storedHashes'
  | 'head'
  | 'findOpenDue'
  | 'adopt'
  | 'applyVerdict'
  | 'noteDeadLetter'
  | 'hasOpen'
>;

/** Batches in memory, under the same contract suite as those in MongoDB. */
export function memoryBatches(): BatchFlowsPort & { readonly all: () => readonly Stored[] } {
  const batches = new Map<string, Stored>();
  const owners = new Map<string, string>();

  const holds = (batch: OpenBatch, from: number): boolean =>
    batch.shares.slice(from).some(({ hash }) => (owners.get(toHex(hash)) ?? batch.batchId) !== batch.batchId);
  const put = <T extends Stored>(batch: T): T => {
    batches.set(batch.batchId, batch);
    for (const { hash } of batch.shares) owners.set(toHex(hash), batch.batchId);
    return batch;
  };
  const keySeqTaken = (batch: OpenBatch, keySeq: bigint): boolean =>
    [...batches.values()].some(
      (other) => other.state !== 'open' && other.lockingKey === batch.lockingKey && other.seal.keySeq === keySeq,
    );
  const current = (batch: Stored): Stored | undefined => {
    const stored = batches.get(batch.batchId);
    return stored?.version === batch.version && stored.owner === batch.owner ? stored : undefined;
  };
  const writeOne = (write: BatchWrite): BatchWriteOutcome => {
    if (write.do === 'push') {
      const stored = current(write.batch);
      if (stored?.state !== 'open') return 'lost';
      const after = { ...stored, shares: [...stored.shares, ...write.shares], version: stored.version + 1 };
      if (holds(after, stored.shares.length)) return 'duplicate';
      put(after);
      return 'stored';
    }
    if (batches.has(write.batch.batchId)) return 'id-taken';
    if (holds(write.batch, 0)) return 'duplicate';
    if (write.do === 'open') put(write.batch);
    else if (keySeqTaken(write.batch, write.seal.keySeq)) return 'key-seq-taken';
    else put({ ...write.batch, state: 'sealed', seal: write.seal });
    return 'stored';
  };
  const judged = (batch: SealedBatch, change: Partial<SealedBatch>): boolean => {
    if (current(batch) === undefined) return false;
    put({ ...batch, ...change, version: batch.version + 1 });
    return true;
  };
  return {
    all: () => [...batches.values()],
    write: async (writes) => writes.map(writeOne),
    async seal(batch, seal) {
      const stored = current(batch);
      if (stored?.state !== 'open') return 'lost';
      if (keySeqTaken(batch, seal.keySeq)) return 'key-seq-taken';
      put({ ...stored, state: 'sealed', seal, version: stored.version + 1 });
      return 'stored';
    },
    find: async (batchId) => batches.get(batchId),
    storedHashes: async (hashes) => new Set(hashes.map(toHex).filter((hash) => owners.has(hash))),
    async head(lockingKey) {
      let head = FIRST_HEAD;
      for (const batch of batches.values()) {
        if (batch.state === 'open' || batch.lockingKey !== lockingKey || batch.seal.keySeq <= head.keySeq) continue;
        head = { keySeq: batch.seal.keySeq, carry: batch.seal.carryOut };
      }
      return head;
    },
    findOpenDue: async (dueBefore, limit) =>
      [...batches.values()]
        .filter((batch) => batch.state === 'open')
        .filter(({ sealDueAt }) => sealDueAt <= dueBefore)
        .sort((a, b) => a.sealDueAt - b.sealDueAt)
        .slice(0, limit),
    async adopt(batch, owner) {
      return current(batch) === undefined ? undefined : put({ ...batch, owner, version: batch.version + 1 });
    },
    applyVerdict: async (batch, verdict: BatchVerdict) =>
      judged(batch, { state: verdict.valid ? 'valid' : 'invalid', verdict }),
    noteDeadLetter: async (batch, code) => judged(batch, { deadLetterCode: code }),
    hasOpen: async (templateId) =>
      [...batches.values()].some((batch) => batch.templateId === templateId && batch.state === 'open'),
  };
}
