import type { UnixMs } from '@assay/shared/kernel/clock';
import type { LockingKey } from '@assay/shared/kernel/ids';
import type { Amount } from '@assay/shared/kernel/money';
import type { Result } from '@assay/shared/kernel/result';
import type { Control } from './domain/control.ts';
import type { IssuanceLevel } from './domain/issuance-level.ts';
import type { Keyset } from './domain/keyset.ts';
import type {
  CountedOperation,
  Operation,
  OperationOutput,
  PointHex,
  UncommittedOperation,
} from './domain/operation.ts';
import type { Quote, QuoteMethod, QuoteState } from './domain/quote.ts';
import type { Supply } from './domain/supply.ts';
import type { RefusalCode } from './domain/refusals.ts';

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
  /** The committed one; melts that are not committed are found by `Melts`. */
  find(opId: string): Promise<Operation | undefined>;
  /**
   * Atomic: all inputs spent, all outputs signed, all quote steps taken and the event recorded, or nothing. It is
   * committed at the time just before the insert, however long it waited for its turn: a cut of the supply relies on it.
   */
  commit(operation: UncommittedOperation): Promise<CommitOutcome>;
  /** The spent and the locked ones among `ys`. */
  findSpent(ys: readonly PointHex[]): Promise<ReadonlyMap<PointHex, SpentInput>>;
  /** The signed and the reserved ones among `bs`. */
  findSigned(bs: readonly PointHex[]): Promise<ReadonlyMap<PointHex, FoundOutput>>;
}

/** `duplicate`: another operation holds the same op id, input, output or quote step; nothing was written. */
export type CommitOutcome = 'committed' | 'duplicate';

/** PENDING: locked by a melt whose payment is not decided. */
export interface SpentInput {
  readonly state: 'SPENT' | 'PENDING';
  readonly witness: string | undefined;
}

/** RESERVED: a melt whose payment is not decided may sign it as change. */
export type FoundOutput =
  { readonly state: 'SIGNED'; readonly signature: OperationOutput } | { readonly state: 'RESERVED' };

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

export type SigningRefusal = Extract<
  RefusalCode,
  | 'keyset-unknown'
  | 'keyset-inactive'
  | 'amount-outside-limit'
  | 'minting-disabled'
  | 'unit-not-supported'
  | 'bad-request'
  | 'repeated-output'
>;

/** Quotes as facts change them. */
export interface Quotes {
  find(naturalKey: string): Promise<Quote | undefined>;
  /** Stores the quote and its `quote.created`. */
  insert(quote: Quote): Promise<'inserted' | 'exists'>;
  /**
   * Stores `next` and the event of its last change if the stored version is the one before: true for one caller only, also
   * of several who ask for the very same. False: read again.
   */
  replace(next: Quote): Promise<boolean>;
}

/** What committed operations took from quotes. */
export interface QuoteSteps {
  /** By the steps of the quote from this one on, one after the other; at most `limit` of them. */
  takenFrom(naturalKey: string, step: number, limit: number): Promise<readonly Amount[]>;
}

/** For whoever asks about a quote. */
export interface QuoteOperations {
  /** Ids of the operations that took the first `steps` steps of the quote; of more than 10,000 steps, the newest. */
  operationsOf(naturalKey: string, steps: number): Promise<readonly string[]>;
}

/** Quotes as internal teams look through them. */
export interface QuoteBrowser {
  /** Oldest first by (createdAt, naturalKey). */
  list(query: QuoteQuery): Promise<QuotePage>;
  pending(): Promise<{ readonly count: number; readonly oldestAt: UnixMs | undefined }>;
}

export interface QuoteQuery {
  readonly method?: QuoteMethod;
  readonly poolId?: string;
  /** 66 hex digits. */
  readonly pubkey?: string;
  readonly state?: QuoteState;
  readonly createdFrom?: UnixMs;
  readonly createdBefore?: UnixMs;
  /** Exclusive start. */
  readonly after: QuotePosition | undefined;
  readonly limit: number;
}

/** A set of ≤ 1,000 operations on its way into the counters; exactly one is open at a time. */
export interface SupplyChunk {
  readonly number: number;
  readonly opIds: readonly string[];
  readonly isOpen: boolean;
}

/** Supply counters, which any instance may bring forward at any moment. */
export interface SupplyCounters {
  lastChunk(): Promise<SupplyChunk>;
  /** Opens the chunk after `last`. False: somebody else did. */
  openChunk(last: SupplyChunk, opIds: readonly string[]): Promise<boolean>;
  /** Adds each sum whose document has not seen the chunk yet; repeating it changes nothing. */
  addChunk(chunk: SupplyChunk, sums: Supply): Promise<void>;
  closeChunk(chunk: SupplyChunk): Promise<void>;
  /** As of one instant, the chunk that is open included: a supply that adds up. */
  read(): Promise<Supply>;
}

/** Operations that the counters and quotes have not seen. */
export interface UnprojectedOperations {
  /** Oldest first. */
  list(limit: number): Promise<readonly CountedOperation[]>;
  findByIds(opIds: readonly string[]): Promise<readonly CountedOperation[]>;
  markProjected(opIds: readonly string[]): Promise<void>;
}

/** Sums of the operations with from ≤ committedAt < before, and the hourly cuts that shorten the way to them. */
export interface SupplyHistory {
  sumOperations(from: UnixMs, before: UnixMs): Promise<Supply>;
  /** The newest cut at or before `at`: sums of all operations before it. */
  cutBefore(at: UnixMs): Promise<SupplyCut | undefined>;
  /** Storing the same cut again changes nothing. */
  storeCut(cut: SupplyCut): Promise<void>;
}

export interface SupplyCut {
  readonly at: UnixMs;
  readonly supply: Supply;
}

/** The one control document of the mint. */
export interface ControlStore {
  read(): Promise<Control>;
  /** Stores `next` and its event if the stored version is the one before. False: read again. */
  replace(next: Control, event: 'paused' | 'resumed' | undefined): Promise<boolean>;
  /** Registers that this instance lives and obeys this version. */
  register(version: number): Promise<void>;
  /** Returns when every live instance obeys at least this version, or after 2 s. */
  waitUntilTaken(version: number): Promise<void>;
}

/** Tells the other instances that the control changed; may be lost, they also read it each second. */
export interface ControlNotes {
  tell(): void;
}

/** Verdicts that wait for their batch, because they were faster. */
export interface EarlyVerdicts {
  /** Those on this batch are due now. */
  comeNow(batch: { readonly poolId: string; readonly batchId: string }): Promise<void>;
}

export interface QuoteIds {
  /** A new UUIDv7 with 74 random bits. */
  next(): string;
}
