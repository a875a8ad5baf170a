import type { Bytes } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';
import type { LockingKey, PoolId } from '@assay/shared/kernel/ids';
import type { Result } from '@assay/shared/kernel/result';
import type {
  BatchTrace,
  BatchVerdict,
  BatchState,
  KeyHead,
  OpenBatch,
  SealedBatch,
  SignedSeal,
} from './domain/batch.ts';
import type { Block, BlockAnswer, BlockState } from './domain/block.ts';
import type { Job } from './domain/job.ts';
import type { StoredShare, Worker } from './domain/share.ts';
import type { RangeUse, Slot } from './domain/slot.ts';
import type { Template, TemplateRecord, TemplateState, TemplateVerdict } from './domain/template.ts';
import type { WorkerRecord } from './domain/worker.ts';

/**
 * Double SHA-256 of the header of one share: the coinbase of the job's template with this extranonce, up the branch.
 * @param extranonce 12 bytes
 * @param version the whole nVersion, already rolled
 * @param header takes the 80 bytes that were hashed, from its first byte on
 * @returns 32 bytes as hashed
 */
export type HashShare = (
  job: Job,
  extranonce: Bytes,
  ntime: number,
  nonce: number,
  version: number,
  header: Bytes,
) => Bytes;

/** BIP-340 by the pool key over 32 bytes: 64 bytes. */
export interface PoolSigner {
  sign(digest: Bytes): Promise<Bytes>;
}

/** Waits for `ms` of real time. */
export type Pause = (ms: number) => Promise<void>;

/** Tells the log and a counter about a fault that the flow survives by trying again. */
export type ReportFault = (what: string, error: unknown) => void;

/** Named places where a test stops or fails the flow. */
export type Failpoint = (name: string) => Promise<void>;

export type BatchWrite =
  | { readonly do: 'open'; readonly batch: OpenBatch }
  /** To the open batch as it was before: `batch.version` and `batch.owner` must still hold. */
  | { readonly do: 'push'; readonly batch: OpenBatch; readonly shares: readonly StoredShare[] }
  /** OPEN → SEALED by compare-and-set on owner and version, with the outbox entry `batch.accepted`. */
  | ({ readonly do: 'seal' } & SealedContent)
  /** Window 0: inserted SEALED, with that entry. */
  | ({ readonly do: 'seal-at-once' } & SealedContent);

interface SealedContent {
  readonly batch: OpenBatch;
  readonly seal: SignedSeal;
  /** Of the span that seals: what the outbox entry carries. */
  readonly trace: BatchTrace | undefined;
}

/**
 * `stored` · `duplicate`: some share is in another batch, nothing was written · `id-taken`: a batch of this id exists ·
 * `key-seq-taken`: another batch of the key was sealed meanwhile · `lost`: owner, version or state is another ·
 * `unknown`: the write may or may not happen.
 */
export type BatchWriteOutcome = 'stored' | 'duplicate' | 'id-taken' | 'key-seq-taken' | 'lost' | 'unknown';

export interface BatchFilter {
  readonly lockingKey?: LockingKey;
  readonly state?: BatchState;
  readonly openedFrom?: UnixMs;
  readonly openedBefore?: UnixMs;
  /** Go on after this batch (descending by openedAt, then id). */
  readonly after?: { readonly openedAt: UnixMs; readonly batchId: string };
}

/** Σ over the batches of one key. */
export interface KeyTotals {
  readonly work: bigint;
  readonly creditDeclared: bigint;
  readonly creditValid: bigint;
  readonly creditInvalid: bigint;
  readonly creditOpen: bigint;
  readonly head: KeyHead;
}

export interface BatchPort {
  /** Each write stands alone; one outcome per write, in the same order. */
  write(writes: readonly BatchWrite[]): Promise<readonly BatchWriteOutcome[]>;
  find(batchId: string): Promise<OpenBatch | SealedBatch | undefined>;
  /** The hashes (hex, internal byte order) of those given that some batch holds. */
  storedHashes(hashes: readonly Bytes[]): Promise<ReadonlySet<string>>;
  /** Head of the chain of a key; FIRST_HEAD when it has no sealed batch. */
  head(lockingKey: LockingKey): Promise<KeyHead>;
  /** OPEN batches with `sealDueAt ≤ dueBefore`, earliest first. */
  findOpenDue(dueBefore: UnixMs, limit: number): Promise<readonly OpenBatch[]>;
  /** The batch under its new owner, or undefined when somebody else was faster. */
  adopt(batch: OpenBatch, owner: string): Promise<OpenBatch | undefined>;
  applyVerdict(batch: SealedBatch, verdict: BatchVerdict): Promise<boolean>;
  noteDeadLetter(batch: SealedBatch, code: string): Promise<boolean>;
  hasOpen(templateId: string): Promise<boolean>;
  countOfTemplate(templateId: string): Promise<number>;
  /** Releases the hashes of batches sealed before the instant; the number of batches changed. */
  releaseHashes(sealedBefore: UnixMs, limit: number): Promise<number>;
  /** Removes batches sealed before the instant but for the head of each key; the number removed. */
  removeOld(sealedBefore: UnixMs, limit: number): Promise<number>;
  /** Without shares, newest first. */
  list(filter: BatchFilter, limit: number): Promise<readonly (OpenBatch | SealedBatch)[]>;
  totals(lockingKey: LockingKey): Promise<KeyTotals | undefined>;
}

export interface TemplateChange {
  readonly state?: TemplateState;
  readonly curtime?: number;
  readonly fetchedAt?: UnixMs;
  readonly verdict?: TemplateVerdict;
  readonly lastJobAt?: UnixMs;
  readonly closedAt?: UnixMs;
  readonly bodyGone?: boolean;
}

export interface TemplateFilter {
  readonly state?: TemplateState;
  readonly declaredBefore?: UnixMs;
  /** Go on after this template (descending by declaredAt, then id). */
  readonly after?: { readonly declaredAt: UnixMs; readonly id: string };
}

export interface TemplatePort {
  /**
   * Commit point of a template: its body must be stored before. With the outbox entry `template.declared`.
   * False when the id exists.
   */
  insert(record: TemplateRecord): Promise<boolean>;
  find(templateId: string): Promise<TemplateRecord | undefined>;
  /** By compare-and-set on version: the record after the change, or undefined when the version is another. */
  change(record: TemplateRecord, change: TemplateChange): Promise<TemplateRecord | undefined>;
  /** `lastJobAt = max(lastJobAt, at)`: told by every instance, so without a version. */
  noteJob(templateId: string, at: UnixMs): Promise<void>;
  /** Newest first by declaredAt. */
  list(filter: TemplateFilter, limit: number): Promise<readonly TemplateRecord[]>;
  /** The ACTIVE, SUPERSEDED, STALE and INVALID ones: what jobs may still be out for. */
  listLive(): Promise<readonly TemplateRecord[]>;
  /** CLOSED before the instant, body still there, no block found on it. */
  listBodiesToRemove(closedBefore: UnixMs, limit: number): Promise<readonly TemplateRecord[]>;
}

export interface TemplateBodyPort {
  /** Idempotent: chunks that exist stay. */
  store(templateId: string, body: Bytes, bodyHash: Bytes): Promise<void>;
  /** Bytes from `offset` on in chunks, or undefined when there is no whole body. */
  read(templateId: string, offset: number): AsyncIterable<Bytes>;
  has(templateId: string, bodyBytes: number): Promise<boolean>;
  remove(templateId: string): Promise<void>;
}

export interface SlotPort {
  find(slot: number): Promise<Slot | undefined>;
  list(): Promise<readonly Slot[]>;
  /** Inserts when `expectedVersion` is 0, else by compare-and-set; false when somebody else was faster. */
  put(slot: Omit<Slot, 'version'>, expectedVersion: number): Promise<boolean>;
  /** Sets one range of the slot while `token` still owns it; false when it does not. */
  setRange(slot: Slot, range: number, use: RangeUse): Promise<boolean>;
}

export interface WorkerFilter {
  readonly lockingKey?: LockingKey;
  readonly activeSince?: UnixMs;
  /** Go on after this `_id` (`key.worker/slot`). */
  readonly after?: string;
}

export interface WorkerPort {
  /** Replaces the documents of these workers on their slot. */
  put(records: readonly WorkerRecord[]): Promise<void>;
  /** Those of the workers that the slot knows. */
  findOnSlot(slot: number, workers: readonly Worker[]): Promise<readonly WorkerRecord[]>;
  /** Of one worker on all slots. */
  findAll(lockingKey: LockingKey, name: string): Promise<readonly WorkerRecord[]>;
  /** Ascending by `_id`. */
  list(filter: WorkerFilter, limit: number): Promise<readonly WorkerRecord[]>;
  countNames(lockingKey: LockingKey): Promise<number>;
}

export interface BlockChange {
  readonly state?: BlockState;
  readonly confirmations?: number;
  readonly answers?: readonly BlockAnswer[];
  /** `null` removes it. */
  readonly unknownSince?: UnixMs | null;
}

export interface BlockFilter {
  readonly state?: BlockState;
  readonly height?: number;
  /** Go on after this block (descending by height, then hash). */
  readonly after?: { readonly height: number; readonly hash: string };
}

export interface BlockPort {
  /** With the outbox entry `block.found`; false when the block is known. */
  insert(block: Block): Promise<boolean>;
  find(hash: string): Promise<Block | undefined>;
  /** By compare-and-set; a changed state puts `block.changed` into the outbox. */
  change(block: Block, change: BlockChange, at: UnixMs): Promise<Block | undefined>;
  /** All that are not final, and MATURE ones of at least `matureFromHeight`. */
  listTracked(matureFromHeight: number): Promise<readonly Block[]>;
  list(filter: BlockFilter, limit: number): Promise<readonly Block[]>;
  /** Newest own block in the chain. */
  lastChained(): Promise<Block | undefined>;
  foundOn(templateId: string): Promise<boolean>;
}

export interface PoolSettings {
  readonly poolId: PoolId;
  readonly creditShift: number;
}

export interface SettingsPort {
  /** Fixes the settings at the first start; later the stored ones must be the same. */
  fix(
    settings: PoolSettings,
  ): Promise<Result<undefined, { readonly code: 'settings-differ'; readonly stored: PoolSettings }>>;
}

/** A hash that meets the network target, whatever else the judge says of the share. */
export interface BlockCandidate {
  readonly template: Template;
  readonly header: Bytes;
  readonly hash: Bytes;
  readonly extranonce: Bytes;
  readonly lockingKey: LockingKey | '';
  readonly worker: string;
}

/** Submits at once and never throws; a hash that was submitted before is not sent again. */
export type SubmitCandidate = (candidate: BlockCandidate) => void;
