import type { UnixMs } from '@assay/shared/kernel/clock';
import type { Result } from '@assay/shared/kernel/result';
import type { Fund, FundChange, FundOutcome } from './domain/fund.ts';
import type { Grant, GrantState } from './domain/grant.ts';
import type { Keyset } from './domain/keyset.ts';
import type { Quote } from './domain/quote.ts';
import type { Rotated, Rotation } from './domain/rotation.ts';
import type { Unit } from './domain/unit.ts';

/** Funds of `reward` and `escrow` quotes, one of each unit. */
export interface Funds {
  /** An empty one when nothing was ever put in. */
  find(unit: Unit): Promise<Fund>;
  list(): Promise<readonly Fund[]>;
  /** Stores what `changeFund` makes of the fund, with its events. `conflict`: others were faster 5 times. */
  change(unit: Unit, change: FundChange): Promise<FundOutcome | 'conflict'>;
}

/** Quotes that are paid by a reservation: each is stored while its reservation is sure to be there, or never. */
export interface FundedQuotes {
  /** By the clock of the store, which goes on while a process stands still. Only to be compared with itself. */
  storeTime(): Promise<UnixMs>;
  /** Stores the quote and its `quote.created`. `late`: at the deadline or after; it is not stored, and never will be. */
  insertBefore(quote: Quote, deadline: UnixMs): Promise<'inserted' | 'exists' | 'late'>;
}

/** Grants, proposed and approved. */
export interface Grants {
  find(grantId: string): Promise<Grant | undefined>;
  insert(grant: Grant): Promise<'inserted' | 'exists'>;
  /** Stores `next` if the stored version is the one before. False: read again. */
  replace(next: Grant): Promise<boolean>;
  markCredited(grantId: string): Promise<void>;
  /** Approved, and not known to be in their funds. */
  listUncredited(): Promise<readonly Grant[]>;
  /** Ascending by id. */
  list(query: {
    readonly state: GrantState | undefined;
    /** Exclusive start. */
    readonly after: string | undefined;
    readonly limit: number;
  }): Promise<readonly Grant[]>;
}

/** Rotations from their commands to what came of them. */
export interface Rotations {
  /** With the keyset that came of it, once there is one. */
  find(rotationId: string): Promise<{ readonly keyset: Keyset | undefined } | undefined>;
  /**
   * Notes the rotation, and gives it as it was noted first. One of a unit at a time: while another one of the unit is begun,
   * that one is given and nothing is noted.
   */
  begin(rotation: Rotation): Promise<Rotation>;
  /** Notes which keyset a begun rotation is about to replace, and gives what was noted first. */
  noteOld(rotation: Rotation, keysetId: string): Promise<string>;
  /** Stores the keyset with its `keyset.rotated`, once. */
  complete(rotation: Rotated, keyset: Keyset, at: UnixMs): Promise<void>;
  /** The signatory refused. */
  giveUp(rotationId: string, why: string): Promise<void>;
  /** Neither completed nor given up, begun at this time or before. */
  listBegun(before: UnixMs): Promise<readonly Rotation[]>;
}

/** The signatory, as operators reach it: one rotation for one rotation id. */
export interface KeysetRotator {
  /** The active keyset of the unit, asked for now: what the mint heard of its keysets may be a moment old. */
  active(unit: Unit): Promise<string | undefined>;
  /** The new keyset, or in words why there is none. */
  rotate(rotation: Rotation): Promise<Result<Keyset, string>>;
}
