import type { Bytes } from '@assay/shared/kernel/bytes';
import type { Clock, UnixMs } from '@assay/shared/kernel/clock';
import type { HoldCode, DeadLetterClass, TemplateCode, VerdictCode } from './domain/audit-codes.ts';
import type { Batch } from './domain/batch.ts';
import type { BatchState } from './domain/batch-machine.ts';
import type { Breach } from './domain/breaches.ts';
import type { BitcoinNode, Circuit, Tips } from './node-ports.ts';
import type { BatchRules } from './domain/check-envelope.ts';
import type { ShareRules } from './domain/check-shares.ts';
import type { TemplateRules } from './domain/check-template.ts';
import type { Luck } from './domain/statistics/luck.ts';
import type { TaskKind } from './domain/tasks.ts';
import type { Template } from './domain/template.ts';
import type { TemplateState } from './domain/template-machine.ts';
import type { Excluded, VerdictResult } from './domain/verdict.ts';

/** W3C context of a span, as documents and messages carry it. */
export interface Trace {
  readonly traceparent: string;
  readonly tracestate?: string;
}

export interface PoolRules extends BatchRules, TemplateRules {
  readonly poolId: string;
}

/** What the auditor knows about pools by its own configuration, by pool id. */
export type Pools = ReadonlyMap<string, PoolRules>;

export interface NodeStatement {
  readonly nodeId: string;
  readonly answer: string;
}

// Batches

export interface StoredBatch {
  /** `pool_id/batch_id` */
  readonly id: string;
  readonly version: number;
  readonly batch: Batch;
  readonly state: BatchState;
  /** Of the verdict, or why it waits or is dead; empty before the first check. */
  readonly code: string;
  readonly revision: number;
  readonly attempt: number;
  /** Set while the batch waits for the scheduler; unset while its task is on the way. */
  readonly nextAtMs: number | undefined;
  readonly wellShaped: boolean;
  readonly holdsKeySeq: boolean;
  /** What its successor has to bring. */
  readonly carryAfter: bigint;
  readonly receivedAtMs: number;
  /** Since intake or the last replay. */
  readonly waitingSinceMs: number;
  readonly autoReplays: number;
  readonly trace: Trace | undefined;
}

export interface NewBatch {
  readonly batch: Batch;
  /** The event as it arrived. */
  readonly raw: Bytes;
  readonly wellShaped: boolean;
  readonly carryAfter: bigint;
  readonly receivedAtMs: UnixMs;
  readonly trace: Trace | undefined;
}

export interface BatchIntake {
  /** `other-content`: the id is taken by a batch with another hash (hex). */
  insert(batch: NewBatch): Promise<{ kind: 'inserted' } | { kind: 'known' } | { kind: 'other-content'; hash: string }>;
}

export interface Signed {
  readonly decidedAtMs: UnixMs;
  readonly verdictHash: Bytes;
  readonly signature: Bytes;
  readonly publicKey: Bytes;
}

export interface BatchVerdict extends Signed {
  readonly result: VerdictResult;
  readonly code: VerdictCode;
  readonly credited: bigint;
  readonly excluded: readonly Excluded[];
  /** Hashes (hex) of the shares that pass, when VALID. */
  readonly creditedHashes: readonly string[];
  readonly luck: Luck | undefined;
  readonly late: boolean;
  readonly nodeAnswers: readonly NodeStatement[];
}

/** `stale`: somebody else changed the document; read it again. */
export type Committed = 'committed' | 'stale';

export interface BatchDecisions {
  find(id: string): Promise<StoredBatch | undefined>;
  /** Carry after the batch that holds this key_seq. */
  carryAfter(poolId: string, lockingKey: Bytes, keySeq: bigint): Promise<bigint | undefined>;
  /** `duplicate`: another batch was credited for one of the hashes meanwhile. */
  settle(batch: StoredBatch, verdict: BatchVerdict, trace: Trace | undefined): Promise<Committed | 'duplicate'>;
  hold(batch: StoredBatch, hold: { code: HoldCode; attempt: number; nextAtMs: UnixMs }): Promise<Committed>;
  giveUp(
    batch: StoredBatch,
    end: { class: DeadLetterClass; code: string; attempt: number; atMs: UnixMs },
    trace: Trace | undefined,
  ): Promise<Committed>;
  /** DEAD → QUEUED with the next revision. */
  revive(batch: StoredBatch, atMs: UnixMs, automatic: boolean): Promise<Committed>;
  /** Which of these hashes other batches were credited for. */
  creditedAmong(hashes: readonly string[], exceptId: string): Promise<Set<string>>;
}

/** Ends waits at once; the scheduler enqueues what was woken. Each returns how many that were. */
export interface BatchWaits {
  wake(id: string, atMs: UnixMs): Promise<number>;
  /** How many of those that were woken together, this one among them. */
  wakeSuccessor(batch: Batch, atMs: UnixMs): Promise<number>;
  wakeTemplateWaiters(templateId: Bytes, atMs: UnixMs): Promise<number>;
}

export interface DueTask {
  readonly kind: TaskKind;
  readonly id: string;
  readonly version: number;
  readonly revision: number;
  readonly trace: Trace | undefined;
}

export interface DueWork {
  /** What waited long enough, the longest first. */
  due(nowMs: UnixMs, limit: number): Promise<DueTask[]>;
  /** Their tasks are on the bus; what changed since is left alone. */
  enqueued(tasks: readonly DueTask[], atMs: UnixMs): Promise<void>;
}

export interface TaskQueue {
  publish(task: DueTask): Promise<void>;
}

// Templates

export interface StoredTemplate {
  /** Lower-case hex. */
  readonly id: string;
  readonly version: number;
  readonly template: Template;
  readonly state: TemplateState;
  readonly code: string;
  readonly late: boolean;
  readonly answers: readonly NodeStatement[];
  readonly revision: number;
  readonly attempt: number;
  readonly nextCheckAtMs: number | undefined;
  readonly leaseUntilMs: number | undefined;
  readonly waitingSinceMs: number;
  readonly autoReplays: number;
  readonly trace: Trace | undefined;
}

export interface TemplateIntake {
  insert(template: {
    template: Template;
    raw: Bytes;
    receivedAtMs: UnixMs;
    trace: Trace | undefined;
  }): Promise<'inserted' | 'known'>;
}

export interface TemplateVerdict extends Signed {
  readonly result: VerdictResult;
  readonly code: TemplateCode | 'OK';
  readonly late: boolean;
  readonly answers: readonly NodeStatement[];
}

export interface TemplateDecisions {
  find(id: string): Promise<StoredTemplate | undefined>;
  /** CHECKING under a lease; the document as it is then, or undefined when somebody else was first. */
  take(template: StoredTemplate, leaseUntilMs: UnixMs): Promise<StoredTemplate | undefined>;
  settle(template: StoredTemplate, verdict: TemplateVerdict, trace: Trace | undefined): Promise<Committed>;
  hold(
    template: StoredTemplate,
    hold: { code: HoldCode; attempt: number; nextCheckAtMs: UnixMs; answers: readonly NodeStatement[] },
  ): Promise<Committed>;
  giveUp(
    template: StoredTemplate,
    end: { code: string; attempt: number; answers: readonly NodeStatement[]; atMs: UnixMs },
  ): Promise<Committed>;
  /** HELD or DEAD → DECLARED, due at once; out of DEAD with the next revision. */
  recheck(template: StoredTemplate, atMs: UnixMs, automatic: boolean): Promise<Committed>;
  /** CHECKING with a lease that ran out → DECLARED, due at once. */
  release(template: StoredTemplate, atMs: UnixMs): Promise<Committed>;
}

export type FetchedBody =
  | { readonly kind: 'body'; readonly body: Bytes }
  /** Longer than declared, or than any block. */
  | { readonly kind: 'too-long' }
  | { readonly kind: 'unavailable'; readonly why: string };

export interface BodySource {
  fetch(template: Template): Promise<FetchedBody>;
}

export interface BodyStore {
  load(templateId: string): Promise<Bytes | undefined>;
  save(templateId: string, body: Bytes, atMs: UnixMs): Promise<void>;
}

export interface ExtranonceOwners {
  /** Locking key (hex) by prefix (hex), as far as claimed. */
  ownersOf(templateId: string, prefixes: readonly string[]): Promise<Map<string, string>>;
  /** Claims what is unclaimed; the owners as they are then. */
  claim(
    templateId: string,
    prefixes: readonly string[],
    lockingKey: string,
    atMs: UnixMs,
  ): Promise<Map<string, string>>;
}

// Breaches, dead letters, signing

export interface Breaches {
  /** Opens the breach, or counts the repeat. */
  open(breach: Breach, atMs: UnixMs, trace: Trace | undefined): Promise<void>;
}

export interface LetterBox {
  record(letter: {
    kind: TaskKind;
    id: string;
    revision: number;
    class: DeadLetterClass;
    code: string;
    deliveries: number;
    firstSeenMs: number;
    atMs: UnixMs;
    error?: string;
    answers: readonly NodeStatement[];
    trace: Trace | undefined;
  }): Promise<void>;
}

export interface Signer {
  /** x-only, 32 bytes. */
  readonly publicKey: Bytes;
  sign(hash: Bytes): Bytes;
}

export interface Scheduler {
  /** Enqueue what is due now instead of at the next second. */
  wake(): void;
}

/** Whole numbers of 0…max−1. */
export type Dice = (max: number) => number;

export interface JudgePorts {
  readonly clock: Clock;
  readonly pools: Pools;
  readonly shareRules: ShareRules;
  readonly batches: BatchDecisions;
  readonly waits: BatchWaits;
  readonly templates: TemplateDecisions;
  readonly owners: ExtranonceOwners;
  readonly tips: Tips;
  readonly circuit: Circuit;
  readonly breaches: Breaches;
  readonly letters: LetterBox;
  readonly signer: Signer;
  readonly scheduler: Scheduler;
  readonly dice: Dice;
}

export interface TemplatePorts extends JudgePorts {
  readonly bodies: BodyStore;
  readonly bodySource: BodySource;
  readonly nodes: readonly BitcoinNode[];
  readonly quorum: number;
}
