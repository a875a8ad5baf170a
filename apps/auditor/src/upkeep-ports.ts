import type { HoldCode } from './domain/audit-codes.ts';
import type { Breach, BreachState, Severity } from './domain/breaches.ts';
import type { Luck } from './domain/statistics/luck.ts';
import type { UnixMs } from '@assay/shared/kernel/clock';
import type { DueTask, NodeStatement, StoredTemplate, Trace } from './ports.ts';
import type { Bytes } from '@assay/shared/kernel/bytes';
import type { BatchState } from './domain/batch-machine.ts';
import type { TaskKind } from './domain/tasks.ts';
import type { TemplateState } from './domain/template-machine.ts';

/** Breaches for which the mint still has to be told to pause. */
export interface PauseOrders {
  pending(): Promise<PauseOrder[]>;
  answered(order: PauseOrder): Promise<void>;
}

export interface PauseOrder {
  readonly id: string;
  readonly version: number;
  readonly severity: Severity;
  readonly rule: string;
  readonly scope: string;
  /** 1, and one more each time it was violated again after an acknowledgement. */
  readonly openings: number;
}

/** A rule that was found violated, by what it is about. */
export interface BreachRecord extends Breach {
  readonly id: string;
  readonly version: number;
  readonly severity: Severity;
  readonly state: BreachState;
  /** Violations since it was first opened. */
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** The mint has not yet answered that it paused. */
  readonly pausePending: boolean;
  /** The last one. */
  readonly acknowledgement: Acknowledgement | undefined;
  readonly trace: Trace | undefined;
}

export interface Acknowledgement {
  readonly by: string;
  readonly reason: string;
  readonly atMs: UnixMs;
}

/** Breaches for whoever asks, and for the operator who has found their cause. */
export interface BreachRecords {
  find(id: string): Promise<BreachRecord | undefined>;
  /** Ascending by id, from after `afterId`. */
  list(
    filter: { state?: BreachState; severity?: Severity },
    page: { limit: number; afterId: string },
  ): Promise<BreachRecord[]>;
  /** Closes it and tells the mint by event; stale when it was violated again meanwhile. */
  acknowledge(breach: BreachRecord, acknowledgement: Acknowledgement): Promise<BreachRecord | 'stale'>;
}

export type BreachRefusal = 'BREACH_UNKNOWN' | 'BREACH_STILL_TRUE' | 'CONFLICT' | 'REASON_TOO_SHORT';

export interface QuoteEvent {
  readonly kind: 'created' | 'paid' | 'failed' | 'issued';
  readonly poolId: string;
  readonly batchId: string;
}

/** What the mint did about a batch, and what it should have done by now. */
export interface Settlements {
  /** False while the batch is not received yet. */
  note(event: QuoteEvent): Promise<boolean>;
  /** Batches whose quote should have been created by now; each is told once. */
  takeMissingQuotes(nowMs: number, limit: number): Promise<string[]>;
  /** Publishes verdicts again that the mint did not act on; ids of those it was told too often, each once. */
  tellAgain(nowMs: UnixMs, limit: number): Promise<{ republished: number; stuck: string[] }>;
  /** What the mint said of a batch; undefined when there is no such batch. */
  said(id: string): Promise<Readonly<Record<QuoteEvent['kind'], boolean>> | undefined>;
}

export interface TemplateWaits {
  /** Templates that wait for nodes are due at once. */
  wakeNodeHolds(atMs: UnixMs): Promise<void>;
}

/** Work that nobody is about to do. */
export interface StuckWork {
  /** Queued batches and templates without task, not touched since. */
  lost(beforeMs: UnixMs, limit: number): Promise<DueTask[]>;
  /** CHECKING templates whose lease ran out. */
  abandoned(nowMs: UnixMs, limit: number): Promise<StoredTemplate[]>;
}

export interface TaskProgress {
  /** When the oldest task that no worker has finished was enqueued; now when there is none. */
  oldestUnfinishedMs(kind: TaskKind): Promise<number>;
}

/** The hashes of shares that were credited: what is in it is not credited again. */
export interface CreditIndex {
  /** Templates (hex, ascending) on which batches that came before were credited. */
  templatesBefore(beforeMs: UnixMs, page: { afterId: string; limit: number }): Promise<string[]>;
  /** Takes out the hashes of such batches of a template; the number of batches. */
  prune(templateId: string, beforeMs: UnixMs): Promise<number>;
}

export interface LuckBook {
  /** Adds up to `limit` verdicts to the sums of their keys, each once; the sums that changed. */
  addUp(limit: number): Promise<{ scope: string; luck: Luck }[]>;
}

/** Dead letters of tasks and messages. */
export interface DeadLetters {
  find(id: string): Promise<DeadLetterView | undefined>;
  openOfClass(className: string, afterId: string, limit: number): Promise<DeadLetterView[]>;
  /** Letters that the runtime wrote for tasks which no worker survived. */
  ofCrashedTasks(limit: number): Promise<CrashedTask[]>;
  markReplayed(id: string, reason: string, atMs: UnixMs): Promise<LetterRefusal | undefined>;
  markDropped(id: string, reason: string, atMs: UnixMs): Promise<LetterRefusal | undefined>;
  /** Closes the letter and hands its message back to the consumer that gave up. */
  handBack(id: string, reason: string, atMs: UnixMs): Promise<LetterRefusal | undefined>;
}

export type LetterRefusal = 'DEAD_LETTER_UNKNOWN' | 'DEAD_LETTER_CLOSED' | 'DEAD_LETTER_POISON' | 'REASON_TOO_SHORT';

export interface DeadLetterView {
  readonly id: string;
  readonly class: string;
  readonly state: 'OPEN' | 'REPLAYED' | 'DROPPED';
  /** What it is about, when it is the letter of a batch or template. */
  readonly subject: { readonly kind: TaskKind; readonly id: string; readonly revision: number } | undefined;
}

export interface CrashedTask {
  readonly letterId: string;
  readonly kind: TaskKind;
  readonly id: string;
  readonly revision: number;
  readonly deliveries: number;
}

export interface MintControl {
  /** Answers when the mint has paused; throws while it cannot be reached. */
  pause(order: PauseOrder): Promise<void>;
}

export interface QueueControl {
  /** 0 when it was never paused. */
  pausedUntilMs(): Promise<number>;
  setPausedUntil(untilMs: number): Promise<void>;
}

export interface QueueCounts {
  /** Not yet judged. */
  readonly batches: number;
  /** Of these, how many have a task on the way. */
  readonly inFlight: number;
  readonly oldestAgeMs: number;
  readonly held: ReadonlyMap<HoldCode, number>;
  readonly templates: number;
}

export interface BatchRecord {
  readonly id: string;
  /** BatchAccepted as it arrived. */
  readonly event: Bytes;
  readonly state: BatchState;
  readonly code: string;
  readonly revision: number;
  readonly attempt: number;
  /** 0 when it does not wait. */
  readonly nextAtMs: number;
  readonly receivedAtMs: number;
  /** VerdictGiven as published, once judged. */
  readonly verdictEvent: Bytes | undefined;
  readonly trace: Trace | undefined;
}

export interface TemplateRecord {
  readonly id: string;
  /** TemplateDeclared as it arrived. */
  readonly event: Bytes;
  readonly state: TemplateState;
  readonly code: string;
  readonly late: boolean;
  readonly answers: readonly NodeStatement[];
  readonly revision: number;
  readonly attempt: number;
  /** 0 when it does not wait. */
  readonly nextCheckAtMs: number;
  /** TemplateJudged as published, once judged. */
  readonly verdictEvent: Bytes | undefined;
}

export interface BatchFilter {
  readonly poolId?: string;
  readonly lockingKey?: string;
  readonly state?: BatchState;
  readonly receivedFromMs?: number;
  readonly receivedBeforeMs?: number;
}

/** Reads for whoever asks. */
export interface AuditRecords {
  batch(id: string): Promise<BatchRecord | undefined>;
  /** By time of receipt, then id; from after `after`. */
  batches(
    filter: BatchFilter,
    page: { limit: number; after: { receivedAtMs: number; id: string } | undefined },
  ): Promise<BatchRecord[]>;
  template(id: string): Promise<TemplateRecord | undefined>;
  /** Ascending by id, from after `afterId`. */
  templates(
    filter: { state?: TemplateState; code?: string },
    page: { limit: number; afterId: string },
  ): Promise<TemplateRecord[]>;
}
