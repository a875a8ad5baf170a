import type { UnixMs } from '@assay/shared/kernel/clock';
import type { LockingKey } from '@assay/shared/kernel/ids';
import type { Amount } from '@assay/shared/kernel/money';
import type { Unit } from './unit.ts';

/** How a quote came to be. `reward`, `escrow` and `bolt11` join here with their flows. */
export type QuoteMethod = 'ehash';

export type QuoteState = 'PENDING' | 'PAID' | 'FAILED' | 'ISSUED';

/** W3C trace context as it is stored in documents. */
export interface StoredTrace {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** A promise to let one key mint what the audit found; 03-mint section 3. */
export interface Quote {
  /** `ehash:<pool_id>/<batch_id>`. */
  readonly naturalKey: string;
  /** The wallet's id: UUIDv7, lower case. */
  readonly quoteId: string;
  readonly method: QuoteMethod;
  readonly unit: Unit;
  /** NUT-20: only this key mints; undefined when unlocked (never for `ehash`). */
  readonly pubkey: LockingKey | undefined;
  readonly state: QuoteState;
  readonly amountRequested: Amount;
  readonly amountPaid: Amount;
  readonly amountIssued: Amount;
  /** Mint operations so far: the next one takes the step `<naturalKey>#<issueCount>`. */
  readonly issueCount: number;
  /** Code of the verdict; empty before it. */
  readonly auditCode: string;
  /** `DEAD_LETTERED` when the auditor gave up for now; else empty. */
  readonly auditNote: string;
  /** 32 bytes, lower-case hex. */
  readonly batchHash: string;
  readonly poolId: string;
  readonly batchId: string;
  readonly reference: string;
  /** NUT-04 `request`. */
  readonly request: string;
  /** Unix seconds, or undefined when it does not expire. */
  readonly expiryS: number | undefined;
  readonly createdAt: UnixMs;
  /** Unix seconds; grows with every change. */
  readonly updatedAtS: number;
  /** Lower-case hex; empty before the verdict. */
  readonly verdictHash: string;
  readonly trace: StoredTrace | undefined;
  readonly version: number;
}
