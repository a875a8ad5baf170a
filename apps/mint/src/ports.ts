import type { UnixMs } from '@assay/shared/kernel/clock';
import type { LockingKey } from '@assay/shared/kernel/ids';
import type { Amount } from '@assay/shared/kernel/money';
import type { Result } from '@assay/shared/kernel/result';
import type { IssuanceLevel } from './domain/issuance-level.ts';
import type { Keyset } from './domain/keyset.ts';
import type { Operation, OperationOutput, PointHex } from './domain/operation.ts';
import type { Quote, QuoteMethod } from './domain/quote.ts';

// Every port throws (a fault) when the thing behind it cannot answer; the edge answers 51002.

/** Quotes as wallets and mint operations read them. All reads are majority reads from the primary. */
export interface QuoteReader {
  /** Those that exist, in no order. Counters may lag behind the operations by the projector's delay. */
  findByIds(quoteIds: readonly string[]): Promise<readonly Quote[]>;
  /**
   * The quote as its committed operations say, read from them now; also stores what it found (losing the
   * compare-and-set to somebody else is no fault). The quote exists.
   */
  rebuild(naturalKey: string): Promise<Quote>;
  /** Oldest first by (createdAt, naturalKey). */
  listByPubkeys(query: PubkeyQuery): Promise<QuotePage>;
}

export interface PubkeyQuery {
  readonly method: QuoteMethod;
  readonly pubkeys: readonly LockingKey[];
  /** Only quotes with amountPaid > amountIssued. */
  readonly onlyMintable: boolean;
  /** Exclusive start. */
  readonly after: QuotePosition | undefined;
  readonly limit: number;
}

export interface QuotePosition {
  readonly createdAt: UnixMs;
  readonly naturalKey: string;
}

export interface QuotePage {
  readonly quotes: readonly Quote[];
  /** Undefined when nothing follows. */
  readonly next: QuotePosition | undefined;
}

/** Operations: the truth about what is spent, signed and issued. */
export interface Operations {
  find(opId: string): Promise<Operation | undefined>;
  /** Atomic: all inputs spent, all outputs signed, all quote steps taken and the event recorded, or nothing. */
  commit(operation: Operation): Promise<CommitOutcome>;
  /** The spent ones among `ys`. */
  findSpent(ys: readonly PointHex[]): Promise<ReadonlyMap<PointHex, SpentInput>>;
  /** The signed ones among `bs`. */
  findSigned(bs: readonly PointHex[]): Promise<ReadonlyMap<PointHex, OperationOutput>>;
}

/** `duplicate`: another operation holds the same op id, input, output or quote step; nothing was written. */
export type CommitOutcome = 'committed' | 'duplicate';

/** PENDING joins with melts. */
export interface SpentInput {
  readonly state: 'SPENT';
  readonly witness: string | undefined;
}

/** Told after each commit, so that the quotes catch up at once; its own timer is what correctness rests on. */
export interface Projection {
  wake(): void;
}

/** The pause level, never older than 5 s: what cannot be read for longer is ALL. */
export interface IssuanceControl {
  level(): IssuanceLevel;
}

/** Keysets as the signatory last told them. */
export interface Keysets {
  get(keysetId: string): Keyset | undefined;
  /** In the order of the signatory. */
  all(): readonly Keyset[];
  /** False before the first snapshot, and when the subscription is lost for more than 60 s. */
  isFresh(): boolean;
}

/** The process that holds the keys (03-mint section 5). Deterministic: the same output has the same signature. */
export interface Signatory {
  /** Whether k·hash_to_curve(secret) = C for every proof. */
  verifyProofs(proofs: readonly ProofToVerify[]): Promise<boolean>;
  /** Signatures in the order of `outputs`, or none. */
  blindSign(outputs: readonly OutputToSign[]): Promise<Result<readonly OperationOutput[], SigningRefusal>>;
}

export interface ProofToVerify {
  readonly keyset: string;
  readonly amount: Amount;
  readonly secret: string;
  readonly c: PointHex;
}

export interface OutputToSign {
  readonly keyset: string;
  readonly amount: Amount;
  readonly b: PointHex;
}

export type SigningRefusal =
  'keyset-unknown' | 'keyset-inactive' | 'amount-outside-limit' | 'minting-disabled' | 'bad-output' | 'repeated-output';
