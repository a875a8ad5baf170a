import { type Bytes, toHex } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';
import type { LockingKey } from '@assay/shared/kernel/ids';
import {
  type BatchVerdict,
  FIRST_HEAD,
  type KeyHead,
  type OpenBatch,
  type SealedBatch,
  type SignedSeal,
} from '../src/domain/batch.ts';
import type { BatchPort, BatchWrite, BatchWriteOutcome } from '../src/ports.ts';

type Stored = OpenBatch | SealedBatch;

/** The part of the port that the flows of batches use; lists and retention are the database's. */
export type BatchFlowsPort = Omit<BatchPort, 'countOfTemplate' | 'releaseHashes' | 'removeOld' | 'list' | 'totals'>;

/** Batches in memory, under the same contract suite as those in MongoDB. */
class MemoryBatches {
  readonly #batches = new Map<string, Stored>();
  /** Hash → the batch that holds it. */
  readonly #holders = new Map<string, string>();

  all(): readonly Stored[] {
    return [...this.#batches.values()];
  }

  find(batchId: string): Stored | undefined {
    return this.#batches.get(batchId);
  }

  write(write: BatchWrite): BatchWriteOutcome {
    if (write.do === 'push') return this.#push(write.batch, write.shares);
    const { batch } = write;
    if (write.do === 'seal') return this.#seal(batch, write.seal);
    if (this.#batches.has(batch.batchId)) return 'id-taken';
    if (this.#isHeld(batch)) return 'duplicate';
    if (write.do === 'seal-at-once' && this.#isTaken(batch, write.seal.keySeq)) return 'key-seq-taken';
    this.#put(write.do === 'open' ? batch : { ...batch, state: 'sealed', seal: write.seal });
    return 'stored';
  }

  #seal(batch: OpenBatch, seal: SignedSeal): BatchWriteOutcome {
    const stored = this.#current(batch);
    if (stored?.state !== 'open') return 'lost';
    if (this.#isTaken(batch, seal.keySeq)) return 'key-seq-taken';
    this.#put({ ...stored, state: 'sealed', seal, version: stored.version + 1 });
    return 'stored';
  }

  storedHashes(hashes: readonly Bytes[]): ReadonlySet<string> {
    return new Set(hashes.map(toHex).filter((hash) => this.#holders.has(hash)));
  }

  head(lockingKey: LockingKey): KeyHead {
    return this.all().reduce((head, batch) => {
      if (batch.state === 'open' || batch.lockingKey !== lockingKey || batch.seal.keySeq <= head.keySeq) return head;
      return { keySeq: batch.seal.keySeq, carry: batch.seal.carryOut };
    }, FIRST_HEAD);
  }

  openDue(dueBefore: UnixMs): readonly OpenBatch[] {
    const open = this.all().filter((batch) => batch.state === 'open');
    return open.filter(({ sealDueAt }) => sealDueAt <= dueBefore).sort((a, b) => a.sealDueAt - b.sealDueAt);
  }

  adopt(batch: OpenBatch, owner: string): OpenBatch | undefined {
    if (this.#current(batch) === undefined) return undefined;
    const adopted = { ...batch, owner, version: batch.version + 1 };
    this.#put(adopted);
    return adopted;
  }

  change(batch: SealedBatch, change: Partial<SealedBatch>): boolean {
    if (this.#current(batch) === undefined) return false;
    this.#put({ ...batch, ...change, version: batch.version + 1 });
    return true;
  }

  #push(batch: OpenBatch, shares: OpenBatch['shares']): BatchWriteOutcome {
    const stored = this.#current(batch);
    if (stored?.state !== 'open') return 'lost';
    if (this.#isHeld({ ...stored, shares })) return 'duplicate';
    this.#put({ ...stored, shares: [...stored.shares, ...shares], version: stored.version + 1 });
    return 'stored';
  }

  #isHeld({ batchId, shares }: OpenBatch): boolean {
    return shares.some(({ hash }) => (this.#holders.get(toHex(hash)) ?? batchId) !== batchId);
  }

  #isTaken({ lockingKey }: OpenBatch, keySeq: bigint): boolean {
    return this.all().some(
      (other) => other.state !== 'open' && other.lockingKey === lockingKey && other.seal.keySeq === keySeq,
    );
  }

  #current({ batchId, version, owner }: Stored): Stored | undefined {
    const stored = this.#batches.get(batchId);
    return stored?.version === version && stored.owner === owner ? stored : undefined;
  }

  #put(batch: Stored): void {
    this.#batches.set(batch.batchId, batch);
    for (const { hash } of batch.shares) this.#holders.set(toHex(hash), batch.batchId);
  }
}

export function memoryBatches(): BatchFlowsPort & { readonly all: () => readonly Stored[] } {
  const memory = new MemoryBatches();
  return {
    all: () => memory.all(),
    write: async (writes) => writes.map((write) => memory.write(write)),
    find: async (batchId) => memory.find(batchId),
    storedHashes: async (hashes) => memory.storedHashes(hashes),
    head: async (lockingKey) => memory.head(lockingKey),
    findOpenDue: async (dueBefore, limit) => memory.openDue(dueBefore).slice(0, limit),
    adopt: async (batch, owner) => memory.adopt(batch, owner),
    applyVerdict: async (batch, verdict: BatchVerdict) =>
      memory.change(batch, { state: verdict.valid ? 'valid' : 'invalid', verdict }),
    noteDeadLetter: async (batch, code) => memory.change(batch, { deadLetterCode: code }),
    hasOpen: async (templateId) =>
      memory.all().some((batch) => batch.templateId === templateId && batch.state === 'open'),
  };
}
