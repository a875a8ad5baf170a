import type { UnixMs } from '@assay/shared/kernel/clock';
import type { Fund } from './domain/fund.ts';
import type { Grant } from './domain/grant.ts';
import type { Operation } from './domain/operation.ts';
import type { Quote } from './domain/quote.ts';
import type { Supply } from './domain/supply.ts';
import type { Unit } from './domain/unit.ts';

/** Sums of what is stored, all as of one instant. Reading them takes seconds: an instant can be read back for five minutes. */
export interface StoredSums {
  /** Unique indexes of section 4 that are not there. */
  readonly missingIndexes: readonly string[];
  /** Ids of pending melts with inputs or outputs that no unique index holds. */
  readonly looseMelts: readonly string[];
  readonly counters: Supply;
  readonly funds: readonly Fund[];
  /** Approved ones. */
  readonly grants: readonly Grant[];
  /** Of the operations that were committed at `since` or later. */
  readonly operations: Supply;
  /** Of those in the chunk that is being counted just now, and of those that the counters have not seen. */
  readonly open: Supply;
  readonly unseen: Supply;
  /** Σ of the quotes that a fund has paid, reservations that are still pending aside. */
  readonly paidByFunds: ReadonlyMap<Unit, bigint>;
}

export interface StoredQuote {
  readonly quote: Quote;
  /** Steps that operations took from it, the next one included. */
  readonly steps: readonly { readonly step: number; readonly amount: bigint }[];
}

export interface StoredOperation {
  readonly operation: Operation;
  /** Sides by which the unique indexes hold the operation. */
  readonly indexed: { readonly inputs: boolean; readonly outputs: boolean; readonly quotes: boolean };
  /** Whether every quote it names exists. */
  readonly hasItsQuotes: boolean;
}

export interface StoredStates {
  sums(since: UnixMs): Promise<StoredSums>;
  /** The next ones by natural key, each with its steps as of one instant; none at the end. */
  quotesAfter(naturalKey: string): Promise<readonly StoredQuote[]>;
  /** The next committed ones by op id; none at the end. */
  operationsAfter(opId: string): Promise<readonly StoredOperation[]>;
}
