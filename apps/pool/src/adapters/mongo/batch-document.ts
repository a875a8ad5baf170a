import { present } from '@assay/shared/kernel/assert';
import { toHex } from '@assay/shared/kernel/bytes';
import { unixMs } from '@assay/shared/kernel/clock';
import type { LockingKey, PoolId } from '@assay/shared/kernel/ids';
import { ehash } from '@assay/shared/kernel/money';
import type { Versioned } from '@assay/shared/runtime/mongo';
import type { OutboxEntry } from '@assay/shared/runtime/outbox';
import type {
  Batch,
  BatchState,
  BatchTrace,
  BatchVerdict,
  OpenBatch,
  SealedBatch,
  SignedSeal,
} from '../../domain/batch.ts';
import { creditShares } from '../../domain/credit.ts';
import { targetOf, workOf } from '../../domain/difficulty.ts';
import { SHARE_RECORD, type StoredShare } from '../../domain/share.ts';

/** Renders what a sealed batch tells; given by `main`, because the wire is another adapter's. */
export interface BatchEventEntries {
  batchAccepted(batch: Batch, seal: SignedSeal, trace: BatchTrace | undefined): OutboxEntry;
}

export interface BatchDocument extends Versioned {
  state: BatchState;
  poolId: string;
  owner: string;
  lockingKey: string;
  templateId: string;
  /** target(k), hex big-endian: for readers that know no k. */
  assignedTarget: string;
  k: number;
  openedAt: Date;
  sealDueAt: Date;
  shareCount: number;
  /** Each element: the 100-byte records of one write, one after the other. */
  shares: Uint8Array[];
  /** 32 bytes each, internal byte order, in the order of `shares`. */
  shareHashes?: Uint8Array[];
  hasHashes: boolean;
  keySeq?: bigint;
  creditShift?: number;
  carryIn?: bigint;
  carryOut?: bigint;
  creditSum?: bigint;
  sharesRoot?: Uint8Array;
  batchHash?: Uint8Array;
  signature?: Uint8Array;
  sealedAt?: Date;
  verdict?: { valid: boolean; code: string; credited: bigint; decidedAt: Date; verdictHash: Uint8Array };
  deadLetterCode?: string;
}

/** The fields that sealing sets. */
export type SealFields = Required<
  Pick<
    BatchDocument,
    | 'keySeq'
    | 'creditShift'
    | 'carryIn'
    | 'carryOut'
    | 'creditSum'
    | 'sharesRoot'
    | 'batchHash'
    | 'signature'
    | 'sealedAt'
  >
>;

export function sealFields(seal: SignedSeal): SealFields {
  const { keySeq, creditShift, carryIn, carryOut, creditSum, sharesRoot, batchHash, signature, sealedAt } = seal;
  return {
    keySeq,
    creditShift,
    carryIn,
    carryOut,
    creditSum,
    sharesRoot,
    batchHash,
    signature,
    sealedAt: new Date(sealedAt),
  };
}

/** All records of one write as one binary: fewer elements to parse and to check than one per share. */
export function packRecords(shares: readonly StoredShare[]): Buffer {
  return Buffer.concat(shares.map(({ record }) => record));
}

export function documentOf(batch: OpenBatch): BatchDocument {
  return {
    _id: batch.batchId,
    version: batch.version,
    outbox: [],
    ...(batch.trace === undefined ? {} : { trace: batch.trace }),
    state: 'open',
    poolId: batch.poolId,
    owner: batch.owner,
    lockingKey: batch.lockingKey,
    templateId: batch.templateId,
    assignedTarget: toHex(targetOf(batch.k)),
    k: batch.k,
    openedAt: new Date(batch.openedAt),
    sealDueAt: new Date(batch.sealDueAt),
    shareCount: batch.shares.length,
    shares: [packRecords(batch.shares)],
    shareHashes: batch.shares.map(({ hash }) => hash),
    hasHashes: true,
  };
}

export function sealedDocumentOf(batch: OpenBatch, seal: SignedSeal, event: OutboxEntry): BatchDocument {
  return { ...documentOf(batch), ...sealFields(seal), state: 'sealed', outbox: [event] };
}

export function batchOf(document: BatchDocument): OpenBatch | SealedBatch {
  const { state } = document;
  const batch = commonOf(document);
  if (state === 'open') return { ...batch, state };
  const { verdict, deadLetterCode } = document;
  return {
    ...batch,
    state,
    seal: sealOfDocument(document),
    ...(verdict === undefined ? {} : { verdict: verdictOf(verdict) }),
    ...(deadLetterCode === undefined ? {} : { deadLetterCode }),
  };
}

function commonOf(document: BatchDocument): Batch {
  return {
    batchId: document._id,
    // Both were parsed before they were stored.
    poolId: document.poolId as PoolId,
    lockingKey: document.lockingKey as LockingKey,
    templateId: document.templateId,
    k: document.k,
    owner: document.owner,
    openedAt: unixMs(document.openedAt.getTime()),
    sealDueAt: unixMs(document.sealDueAt.getTime()),
    shares: sharesOf(document),
    ...(document.trace === undefined ? {} : { trace: document.trace }),
    version: document.version,
  };
}

/** Of a document read without shares: none. Hashes that were released are empty. */
function sharesOf({ shares = [], shareHashes = [] }: Partial<BatchDocument>): StoredShare[] {
  const records = Buffer.concat(shares);
  const count = records.length / SHARE_RECORD.bytes;
  return Array.from({ length: count }, (_, index) => ({
    record: records.subarray(index * SHARE_RECORD.bytes, (index + 1) * SHARE_RECORD.bytes),
    hash: shareHashes[index] ?? new Uint8Array(0),
  }));
}

function sealOfDocument(document: BatchDocument): SignedSeal {
  const what = `seal of ${document._id}`;
  const carryIn = present(document.carryIn, what);
  const creditShift = present(document.creditShift, what);
  return {
    keySeq: present(document.keySeq, what),
    creditShift,
    carryIn,
    carryOut: present(document.carryOut, what),
    creditSum: ehash(present(document.creditSum, what)),
    // Not stored: they follow from the carry, the target and the number of shares.
    credits: creditShares(carryIn, workOf(document.k), document.shareCount, creditShift).credits,
    sharesRoot: present(document.sharesRoot, what),
    batchHash: present(document.batchHash, what),
    signature: present(document.signature, what),
    sealedAt: unixMs(present(document.sealedAt, what).getTime()),
  };
}

function verdictOf(stored: NonNullable<BatchDocument['verdict']>): BatchVerdict {
  const { valid, code, credited, decidedAt, verdictHash } = stored;
  return { valid, code, credited: ehash(credited), decidedAt: unixMs(decidedAt.getTime()), verdictHash };
}
