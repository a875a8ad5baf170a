import { bytesEqual, toHex } from '@assay/shared/kernel/bytes';
import { doubleSha256 } from '@assay/shared/kernel/hash';
import type { LockingKey } from '@assay/shared/kernel/ids';
import { FIRST_HEAD, type KeyHead, type OpenBatch, type SealedBatch, sealOf } from '../domain/batch.ts';
import { workOf } from '../domain/difficulty.ts';
import { headerOf } from '../domain/share.ts';

/** A batch as stored, and whether what it told the bus still waits in its outbox. */
export interface StoredBatch {
  readonly batch: OpenBatch | SealedBatch;
  /** False when an outbox entry is not the event that the document renders. */
  readonly outboxIsGenuine: boolean;
  readonly waitsInOutbox: boolean;
  /** Sealed so long ago that the batches before it may have been removed. */
  readonly isOld: boolean;
}

/** P1–P3 and P9 of 01-pool section 17; SEAL: root, hash or credits do not recompute. */
export type Invariant = 'P1' | 'P2' | 'P3' | 'P9' | 'SEAL';

export interface BatchViolation {
  readonly invariant: Invariant;
  readonly batchId: string;
  readonly found: string;
}

export interface BatchReport {
  readonly batches: number;
  readonly open: number;
  readonly shares: number;
  readonly keys: number;
  /** Sealed batches whose event waits in the outbox. */
  readonly waiting: number;
  readonly violations: readonly BatchViolation[];
}

const VIOLATIONS_MAX = 1_000;

interface KeyChain {
  readonly head: KeyHead;
  readonly work: bigint;
  readonly credit: bigint;
}

/** Recounts all batches from their raw headers. @param stored the sealed ones of each key ascending by key_seq */
export async function checkBatches(stored: AsyncIterable<StoredBatch>): Promise<BatchReport> {
  const violations: BatchViolation[] = [];
  const hashes = new Set<string>();
  const chains = new Map<LockingKey, KeyChain>();
  const counts = { batches: 0, open: 0, shares: 0, waiting: 0 };
  for await (const { batch, outboxIsGenuine, waitsInOutbox, isOld } of stored) {
    const violate = (invariant: Invariant, found: string): void => {
      if (violations.length < VIOLATIONS_MAX) violations.push({ invariant, batchId: batch.batchId, found });
    };
    counts.batches += 1;
    counts.shares += batch.shares.length;
    if (waitsInOutbox) counts.waiting += 1;
    checkHashes(batch, hashes, violate);
    if (!outboxIsGenuine) violate('P9', 'the outbox holds another event than the document renders');
    if (batch.state === 'open') counts.open += 1;
    else chains.set(batch.lockingKey, checkSeal(batch, chains.get(batch.lockingKey) ?? startOf(batch, isOld), violate));
  }
  return { ...counts, keys: chains.size, violations };
}

type Violate = (invariant: Invariant, found: string) => void;

function checkHashes(batch: OpenBatch | SealedBatch, hashes: Set<string>, violate: Violate): void {
  for (const { record, hash } of batch.shares) {
    const computed = doubleSha256(headerOf(record));
    const name = toHex(computed);
    if (hashes.has(name)) violate('P1', `header ${name} is in another place too`);
    hashes.add(name);
    // Hashes are released 30 d after sealing.
    if (hash.length > 0 && !bytesEqual(hash, computed)) violate('P1', `header ${name} is stored under another hash`);
  }
}

/** Where the chain of a key begins: at key_seq 1, or after what retention has removed. */
function startOf({ seal }: SealedBatch, isOld: boolean): KeyChain {
  if (!isOld) return { head: FIRST_HEAD, work: 0n, credit: 0n };
  return { head: { keySeq: seal.keySeq - 1n, carry: seal.carryIn }, work: seal.carryIn, credit: 0n };
}

function checkSeal(batch: SealedBatch, chain: KeyChain, violate: Violate): KeyChain {
  const { seal } = batch;
  if (seal.keySeq !== chain.head.keySeq + 1n) violate('P2', `key_seq ${seal.keySeq} after ${chain.head.keySeq}`);
  if (seal.carryIn !== chain.head.carry) violate('P2', `carry_in ${seal.carryIn} after ${chain.head.carry}`);
  const again = sealOf(batch, { keySeq: seal.keySeq - 1n, carry: seal.carryIn }, seal.creditShift);
  const recomputes =
    bytesEqual(again.sharesRoot, seal.sharesRoot) &&
    bytesEqual(again.batchHash, seal.batchHash) &&
    again.creditSum === seal.creditSum &&
    again.carryOut === seal.carryOut;
  if (!recomputes) violate('SEAL', `batch_hash ${toHex(seal.batchHash)} does not recompute`);
  const work = chain.work + workOf(batch.k) * BigInt(batch.shares.length);
  const credit = chain.credit + seal.creditSum;
  if (credit !== work >> BigInt(seal.creditShift)) violate('P3', `Σ credit ${credit} for work ${work}`);
  return { head: { keySeq: seal.keySeq, carry: seal.carryOut }, work, credit };
}
