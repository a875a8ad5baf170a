import { type Bytes, concat, fromHex, lp, toHex, u32, u64, u8, utf8 } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';
import { sha256 } from '@assay/shared/kernel/hash';
import type { LockingKey, PoolId } from '@assay/shared/kernel/ids';
import type { Machine } from '@assay/shared/kernel/machine';
import type { Ehash } from '@assay/shared/kernel/money';
import { creditShares } from './credit.ts';
import { targetOf, workOf } from './difficulty.ts';
import { rootOfLeaves } from './merkle.ts';
import { acceptedAtBytes, extranonceOf, headerOf, SHARE_RECORD, type StoredShare } from './share.ts';

export const BATCH_MAX_SHARES = 256;

export type BatchState = 'open' | 'sealed' | 'valid' | 'invalid';

export const BATCH_EVENTS = ['push', 'adopt', 'seal', 'judged-valid', 'judged-invalid', 'dead-lettered'] as const;
export type BatchEvent = (typeof BATCH_EVENTS)[number];

/** States of a batch after its insertion as open, or as sealed when the window is 0 (01-pool section 9). */
export const BATCH: Machine<BatchState, BatchEvent> = {
  open: { push: 'open', adopt: 'open', seal: 'sealed' },
  sealed: { 'judged-valid': 'valid', 'judged-invalid': 'invalid', 'dead-lettered': 'sealed' },
  valid: {},
  invalid: {},
};

/** Context of the trace that the first share of the batch began (W3C). */
export interface BatchTrace {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** One locking key + one template + one assigned target + one window. */
export interface Batch {
  readonly batchId: string;
  readonly poolId: PoolId;
  readonly lockingKey: LockingKey;
  readonly templateId: string;
  /** log2 of the assigned difficulty. */
  readonly k: number;
  /** Instance that may push and seal. */
  readonly owner: string;
  readonly openedAt: UnixMs;
  readonly sealDueAt: UnixMs;
  /** In order of storing, 1 … 256. */
  readonly shares: readonly StoredShare[];
  readonly trace?: BatchTrace;
  readonly version: number;
}

/** Place in the chain of the batches of one key: what the next batch goes on from. */
export interface KeyHead {
  /** 0 before the first batch. */
  readonly keySeq: bigint;
  readonly carry: bigint;
}

export const FIRST_HEAD: KeyHead = { keySeq: 0n, carry: 0n };

/** What sealing adds, before the signature. */
export interface Seal {
  readonly keySeq: bigint;
  readonly creditShift: number;
  readonly carryIn: bigint;
  readonly carryOut: bigint;
  readonly creditSum: Ehash;
  /** One per share, in order. */
  readonly credits: readonly Ehash[];
  readonly sharesRoot: Bytes;
  readonly batchHash: Bytes;
}

/** What is stored of a seal: credits follow from carryIn, target and number of shares. */
export interface SignedSeal extends Seal {
  readonly signature: Bytes;
  readonly sealedAt: UnixMs;
}

export interface BatchVerdict {
  readonly valid: boolean;
  readonly code: string;
  readonly credited: Ehash;
  readonly decidedAt: UnixMs;
  readonly verdictHash: Bytes;
}

export interface SealedBatch extends Batch {
  readonly state: 'sealed' | 'valid' | 'invalid';
  readonly seal: SignedSeal;
  readonly verdict?: BatchVerdict;
  /** The auditor's code when it gave the batch up until an operator acts. */
  readonly deadLetterCode?: string;
}

export interface OpenBatch extends Batch {
  readonly state: 'open';
}

/** batch_id (64 hex). */
export function batchIdOf(fields: Pick<Batch, 'poolId' | 'lockingKey' | 'templateId' | 'k'>, firstHash: Bytes): string {
  const layout = concat(
    utf8('assay/batch-id/v1'),
    lp(fields.poolId),
    fromHex(fields.lockingKey),
    fromHex(fields.templateId),
    targetOf(fields.k),
    firstHash,
    lp(''),
  );
  return toHex(sha256(layout));
}

const LEAF_HEAD = concat(u8(0), utf8('assay/share/v1'));
const RECORD_AT = LEAF_HEAD.length;
const EXTRANONCE_AT = RECORD_AT + SHARE_RECORD.headerBytes;
const CREDIT_AT = EXTRANONCE_AT + 4 + SHARE_RECORD.extranonceBytes;

/** Leaf hashes of the share_records, written into one buffer one after the other: this is done for every share. */
function shareLeaves(shares: readonly StoredShare[], credits: readonly bigint[]): Bytes[] {
  const leaf = concat(LEAF_HEAD, new Uint8Array(80), u32(SHARE_RECORD.extranonceBytes), new Uint8Array(28));
  const view = new DataView(leaf.buffer, leaf.byteOffset);
  return shares.map(({ record }, index) => {
    leaf.set(headerOf(record), RECORD_AT);
    leaf.set(extranonceOf(record), EXTRANONCE_AT + 4);
    view.setBigUint64(CREDIT_AT, credits[index] ?? 0n);
    leaf.set(acceptedAtBytes(record), CREDIT_AT + 8);
    return sha256(leaf);
  });
}

/** The seal of a batch as the next of its key after `head`. */
export function sealOf(batch: Batch, head: KeyHead, creditShift: number): Seal {
  const credited = creditShares(head.carry, workOf(batch.k), batch.shares.length, creditShift);
  const sharesRoot = rootOfLeaves(shareLeaves(batch.shares, credited.credits));
  const chained = { ...credited, keySeq: head.keySeq + 1n, carryIn: head.carry, creditShift, sharesRoot };
  return { ...chained, batchHash: batchHashOf(batch, chained) };
}

function batchHashOf(batch: Batch, seal: Omit<Seal, 'batchHash'>): Bytes {
  return sha256(
    concat(
      utf8('assay/batch/v1'),
      lp(batch.batchId),
      lp(batch.poolId),
      fromHex(batch.lockingKey),
      u64(seal.keySeq),
      fromHex(batch.templateId),
      targetOf(batch.k),
      u32(seal.creditShift),
      u64(seal.carryIn),
      u64(seal.carryOut),
      u64(seal.creditSum),
      u32(batch.shares.length),
      seal.sharesRoot,
    ),
  );
}
