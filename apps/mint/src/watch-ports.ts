import type { Quote } from './domain/quote.ts';
import type { QuoteQuery } from './ports.ts';

/** Fields that are left out match everything. */
export type QuoteFilter = Pick<QuoteQuery, 'method' | 'poolId' | 'pubkey' | 'state'>;

/** Quotes as they change, in the order of the database. */
export interface QuoteFeed {
  /**
   * @param position of an earlier watch of the same filter, to go on there; undefined: begin with what exists
   * @returns undefined for what was never a position
   */
  open(filter: QuoteFilter, position: string | undefined): Promise<QuoteWatch | undefined>;
}

/** Takes nothing from the database that nobody asked for. */
export interface QuoteWatch {
  /**
   * What existed at the instant at which the watch began, in pages; nothing if it goes on from a position. `lost`: the
   * database keeps that instant some minutes only, and they are over.
   */
  snapshot(): AsyncIterable<readonly Quote[] | 'lost'>;
  /**
   * What was committed next: no version comes twice, those of one quote grow, and one that was followed by another may be
   * left out. Undefined after a second without changes. `lost`: the database has forgotten what came next.
   */
  change(): Promise<Quote | undefined | 'lost'>;
  /** Everything that was given is before it. */
  position(): string;
  close(): Promise<void>;
}
