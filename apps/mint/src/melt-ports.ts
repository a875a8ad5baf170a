import type { UnixMs } from '@assay/shared/kernel/clock';
import type { FailedMelt, Melt, MeltIntent, PendingMelt } from './domain/melt.ts';
import type { MeltQuote } from './domain/melt-quote.ts';
import type { UncommittedOperation } from './domain/operation.ts';
import type { CommitOutcome } from './ports.ts';

/** Melts among the operations. All reads are majority reads from the primary. */
export interface Melts {
  find(opId: string): Promise<Melt | undefined>;
  /** The PENDING or COMMITTED one of this quote: there is at most one. */
  findLive(meltQuoteId: string): Promise<Melt | undefined>;
  /** The PENDING or COMMITTED one that pays under this key, for whatever quote. */
  findPayment(paymentKey: string): Promise<Melt | undefined>;
  /**
   * Atomic: all inputs locked, all blank outputs reserved and the quote taken, or nothing. `duplicate`: another operation
   * holds one of them.
   */
  reserve(intent: MeltIntent): Promise<CommitOutcome>;
  /** FAILED → PENDING, the next attempt. `duplicate`: an input was spent meanwhile, or somebody else changed the melt. */
  reserveAgain(melt: FailedMelt, intent: MeltIntent): Promise<CommitOutcome>;
  /** PENDING → COMMITTED with its event. False: somebody else ended the melt, read again. */
  commit(melt: PendingMelt, operation: UncommittedOperation, preimage: string | undefined): Promise<boolean>;
  /** PENDING → FAILED. False: somebody else ended the melt, read again. */
  release(melt: PendingMelt): Promise<boolean>;
  /** PENDING ones that nobody touched since `before`, oldest first by (updatedAt, opId). */
  listPending(query: PendingQuery): Promise<readonly PendingMelt[]>;
}

export interface PendingQuery {
  readonly before: UnixMs;
  /** Exclusive start. */
  readonly after: Pick<PendingMelt, 'updatedAt' | 'opId'> | undefined;
  readonly limit: number;
}

export interface MeltQuotes {
  find(quote: string): Promise<MeltQuote | undefined>;
  /** Those that exist, in no order. */
  findByIds(quotes: readonly string[]): Promise<readonly MeltQuote[]>;
  insert(quote: MeltQuote): Promise<void>;
  /** Every change of a melt quote. False: the stored version is not the one before, read again. */
  replace(next: MeltQuote): Promise<boolean>;
  /** Ids of those that are PENDING since before `before`. */
  listPending(query: { readonly before: UnixMs; readonly limit: number }): Promise<readonly string[]>;
}

/** Lets work outlive the request that began it; its faults are logged, and what it left undone is recovered. */
export interface Patience {
  /** What `work` gives, or undefined when it fails, or takes too long for a wallet to wait: then it goes on. */
  waitFor<T>(work: Promise<T>): Promise<T | undefined>;
  /** Nobody waits for `work`. */
  leave(work: Promise<unknown>): void;
}
