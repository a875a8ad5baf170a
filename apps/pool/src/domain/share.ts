import type { Bytes } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';
import type { LockingKey } from '@assay/shared/kernel/ids';
import type { Template } from './template.ts';

/** Why a share was refused → the code of the Stratum answer (01-pool section 7). */
export const SHARE_REFUSALS = {
  'not-subscribed': 25,
  malformed: 20,
  unauthorized: 24,
  'job-not-found': 21,
  'version-bits': 20,
  'template-invalid': 20,
  stale: 21,
  'ntime-too-old': 20,
  'ntime-too-new': 20,
  'low-difficulty': 23,
  duplicate: 22,
  overloaded: 20,
  'not-stored': 20,
} as const satisfies Record<string, number>;

export type ShareRefusal = keyof typeof SHARE_REFUSALS;

/** Who mines on a connection: one line of `workers`. */
export interface Worker {
  readonly lockingKey: LockingKey;
  /** `[A-Za-z0-9._-]{1,32}`. */
  readonly name: string;
}

/** A share that passed J1–J14. */
export interface AcceptedShare {
  readonly worker: Worker;
  readonly template: Template;
  /** log2 of the assigned difficulty: target and work follow from it. */
  readonly k: number;
  /** header80 ‖ extranonce (12) ‖ u64(accepted_at_ms), see SHARE_RECORD. */
  readonly record: Bytes;
  /** dsha(header80), 32 bytes as hashed. */
  readonly hash: Bytes;
  /** The instant of J8. */
  readonly acceptedAt: UnixMs;
}

/** A share as a batch holds it: the credit follows from the carry of the batch. */
export interface StoredShare {
  readonly record: Bytes;
  readonly hash: Bytes;
}

/** Where the parts of a share's 100-byte record lie. */
export const SHARE_RECORD = { headerBytes: 80, extranonceBytes: 12, acceptedAt: 92, bytes: 100 } as const;

export function headerOf(record: Bytes): Bytes {
  return record.subarray(0, SHARE_RECORD.headerBytes);
}

export function extranonceOf(record: Bytes): Bytes {
  return record.subarray(SHARE_RECORD.headerBytes, SHARE_RECORD.acceptedAt);
}

/** The eight big-endian bytes of accepted_at_ms. */
export function acceptedAtBytes(record: Bytes): Bytes {
  return record.subarray(SHARE_RECORD.acceptedAt, SHARE_RECORD.bytes);
}

export function acceptedAtMs(record: Bytes): bigint {
  return new DataView(record.buffer, record.byteOffset, record.byteLength).getBigUint64(SHARE_RECORD.acceptedAt);
}
