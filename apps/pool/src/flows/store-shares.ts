import { type Clock, isDue, type UnixMs } from '@assay/shared/kernel/clock';
import type { OpenBatch } from '../domain/batch.ts';
import type { AcceptedShare } from '../domain/share.ts';
import type { ShareSet } from '../domain/share-set.ts';
import type { BatchPort, Failpoint, Pause, ReportFault } from '../ports.ts';
import { writerLoad } from '../telemetry.ts';
import { type BatchRules, createLane, type Lane, laneNameOf, planWrites } from './batch-lane.ts';
import { createGroupedWrites } from './group-writes.ts';
import { createPendingShares, type StoreOutcome } from './pending-shares.ts';
import type { BatchSealer } from './seal-batch.ts';
import { createWriteSettler } from './settle-write.ts';

export interface BatchWriterPorts {
  readonly batches: BatchPort;
  readonly sealer: BatchSealer;
  readonly seen: ShareSet;
  readonly clock: Clock;
  readonly pause: Pause;
  readonly reportFault: ReportFault;
  /** Whether batches of this template are to be sealed now: INVALID, CLOSED, or STALE for longer than the grace. */
  isEnded(templateId: string): boolean;
  readonly failpoint?: Failpoint;
}

export interface BatchWriterOptions extends BatchRules {
  readonly storeTimeoutMs: number;
}

/** Makes accepted shares durable (01-pool section 9). One per process. */
export interface BatchWriter {
  /**
   * The share must be in the local set already. Resolves when it is durable (`stored`), when another batch holds its
   * hash (`duplicate`), or after POOL_STORE_TIMEOUT_MS without certainty (`not-stored`). Never rejects.
   */
  submit(share: AcceptedShare): Promise<StoreOutcome>;
  /** Shares without an answer. */
  pending(): number;
  /** Since when no write was confirmed although one was tried; undefined while the store answers. */
  failingSince(): UnixMs | undefined;
  /**
   * To be called after any other confirmed write to the same store. While shares wait, they alone tell; but once the
   * connections were closed none comes any more that could find the store back.
   */
  storeAnswered(): void;
  /** To be called about every 100 ms: seals what is due, answers what waited too long. */
  tick(): void;
  /** Answers what is under way, then seals all batches of this instance. Nothing may be submitted afterwards. */
  drain(): Promise<void>;
}

export function createBatchWriter(ports: BatchWriterPorts, options: BatchWriterOptions): BatchWriter {
  const lanes = new Map<string, Lane>();
  const pending = createPendingShares(ports.clock, options.storeTimeoutMs);
  const sealing = createTracker(ports.reportFault, 'seal-batch');
  const flushing = createTracker(ports.reportFault, 'store-shares');

  const seal = (batch: OpenBatch): void =>
    sealing.track(
      ports.sealer.seal(batch).finally(() => {
        for (const { hash } of batch.shares) ports.seen.release(hash);
      }),
    );
  const settler = createWriteSettler({ ...ports, write: createGroupedWrites(ports), seal }, options);
  const closeDue = (lane: Lane): void => {
    const ended = ports.isEnded(lane.templateId);
    const due = lane.open.filter(({ sealDueAt }) => ended || isDue(sealDueAt, ports.clock.now()));
    if (due.length === 0) return;
    lane.open = lane.open.filter((batch) => !due.includes(batch));
    due.forEach(seal);
  };
  const flush = async (lane: Lane): Promise<void> => {
    while (lane.waiting.length > 0) {
      closeDue(lane);
      await ports.failpoint?.('before-store');
      dropAnswered(lane, ports.seen);
      const writes = planWrites(lane, options, ports.clock.now());
      await Promise.all(writes.map((write) => settler.settle(lane, write)));
    }
  };
  const endFlush = (lane: Lane): void => {
    lane.flushing = false;
    if (lane.open.length === 0) lanes.delete(lane.name);
  };
  const enqueue = (share: AcceptedShare, settle: (outcome: StoreOutcome) => void): void => {
    const lane = laneFor(lanes, share);
    lane.waiting.push(pending.add(share, settle));
    if (lane.flushing) return;
    lane.flushing = true;
    // After this turn of the loop, so that all submits of one read from a socket go in the first flush.
    const flushed = Promise.resolve().then(() => flush(lane));
    flushing.track(flushed.finally(() => endFlush(lane)));
  };
  return {
    submit: (share) => new Promise((settle) => enqueue(share, settle)),
    pending: pending.size,
    failingSince: settler.failingSince,
    storeAnswered: () => settler.answered(pending.size()),
    tick() {
      pending.expire();
      for (const lane of lanes.values()) if (!lane.flushing) closeLane(lanes, lane, closeDue);
      writerLoad(lanes.size, pending.size());
    },
    async drain() {
      await flushing.all();
      for (const lane of lanes.values()) lane.open.forEach(seal);
      lanes.clear();
      await sealing.all();
    },
  };
}

function laneFor(lanes: Map<string, Lane>, share: AcceptedShare): Lane {
  const name = laneNameOf(share);
  const known = lanes.get(name);
  if (known !== undefined) return known;
  const lane = createLane(name, share);
  lanes.set(name, lane);
  return lane;
}

/** Shares that were answered `not-stored` before any write had them: a repeat is a new share. */
function dropAnswered(lane: Lane, seen: ShareSet): void {
  for (const pending of lane.waiting) if (pending.isAnswered()) seen.forget(pending.share.hash);
  lane.waiting = lane.waiting.filter((pending) => !pending.isAnswered());
}

function closeLane(lanes: Map<string, Lane>, lane: Lane, closeDue: (lane: Lane) => void): void {
  closeDue(lane);
  if (lane.open.length === 0) lanes.delete(lane.name);
}

/** Work in the background that a drain waits for. */
function createTracker(reportFault: ReportFault, what: string) {
  const running = new Set<Promise<void>>();
  return {
    track(work: Promise<unknown>): void {
      const tracked: Promise<void> = work
        .then(
          () => undefined,
          (error: unknown) => reportFault(what, error),
        )
        .finally(() => running.delete(tracked));
      running.add(tracked);
    },
    all: () => Promise.all(running),
  };
}
