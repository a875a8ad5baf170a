import type { BlindSignature, SignJob, VerifyJob } from './domain/blind-signature.ts';
import type { StoredKeyset, UnitRecord } from './domain/unit.ts';

/** The signatory's only store. Every method throws (a fault) when the database cannot answer. */
export interface UnitStore {
  /** All units, read from a majority of the primary's view, in no order. */
  all(): Promise<readonly UnitRecord[]>;
  /** Adds a unit with its first keyset. `taken`: the unit exists already. */
  insert(record: UnitRecord): Promise<'committed' | 'taken' | 'id-taken'>;
  /**
   * Makes `keyset` the active one, in one compare-and-set on the version that was read.
   * `stale`: somebody else rotated first; `id-taken`: a keyset of that id exists, in whatever unit.
   */
  rotate(read: UnitRecord, keyset: StoredKeyset): Promise<'committed' | 'stale' | 'id-taken'>;
}

/** The curve work, on worker threads or in place. Answers are in the order of the jobs. */
export interface Signer {
  sign(jobs: readonly SignJob[]): Promise<readonly BlindSignature[]>;
  /** Whether every proof verifies. */
  verify(jobs: readonly VerifyJob[]): Promise<boolean>;
}
