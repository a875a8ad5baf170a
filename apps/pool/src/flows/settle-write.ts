import { toHex } from '@assay/shared/kernel/bytes';
import type { Clock, UnixMs } from '@assay/shared/kernel/clock';
import { BATCH_MAX_SHARES, type OpenBatch, type SealedBatch } from '../domain/batch.ts';
import { workOf } from '../domain/difficulty.ts';
import type { ShareSet } from '../domain/share-set.ts';
import type { BatchPort, BatchWriteOutcome, Failpoint, Pause, ReportFault } from '../ports.ts';
import { batchReached, sharesStored, traceWrite } from '../telemetry.ts';
import { type BatchRules, type Lane, newBatch, type PlannedWrite } from './batch-lane.ts';
import type { GroupedWrite } from './group-writes.ts';
import type { BatchSealer } from './seal-batch.ts';

export interface SettlePorts {
  readonly batches: BatchPort;
  readonly sealer: BatchSealer;
  readonly write: GroupedWrite;
  readonly seen: ShareSet;
  readonly clock: Clock;
  readonly pause: Pause;
  readonly reportFault: ReportFault;
  readonly failpoint?: Failpoint;
  /** Seals an open batch of this instance that takes no more shares. */
  seal(batch: OpenBatch): void;
}

export interface WriteSettler {
  /** Writes until every share is answered: stored, in another batch, or given up after its timeout. */
  settle(lane: Lane, planned: PlannedWrite): Promise<void>;
  /** Since when no write was confirmed although one was tried. */
  failingSince(): UnixMs | undefined;
  /** Somebody else's write went through. @param waiting shares without an answer, which tell better */
  answered(waiting: number): void;
}

const RETRY_MS = 100;

export function createWriteSettler(ports: SettlePorts, rules: BatchRules): WriteSettler {
  let failingSince: UnixMs | undefined;

  const written = async (planned: PlannedWrite): Promise<BatchWriteOutcome> => {
    // A stalled database lets a write hang for long before its outcome is unknown.
    const startedAt = ports.clock.now();
    const outcome = await (planned.do === 'seal-at-once' ? ports.sealer.storeSealed(planned.batch) : group(planned));
    failingSince = outcome === 'unknown' ? (failingSince ?? startedAt) : undefined;
    return outcome;
  };
  const group = ({ do: act, batch, shares }: PlannedWrite): Promise<BatchWriteOutcome> =>
    ports.write(
      act === 'push'
        ? { do: 'push', batch, shares: shares.map(({ share: { record, hash } }) => ({ record, hash })) }
        : { do: 'open', batch },
    );
  /** One attempt; what is left to write, if anything. */
  const attempt = async (lane: Lane, planned: PlannedWrite): Promise<PlannedWrite | undefined> => {
    if (planned.shares.every((pending) => pending.isAnswered())) return abandon(ports, lane, planned);
    const startedAt = ports.clock.now();
    const outcome = await written(planned);
    await ports.failpoint?.('after-store');
    if (outcome === 'stored') return confirm(ports, lane, planned, afterWrite(planned), startedAt);
    if (outcome !== 'unknown') return resolve(ports, rules, lane, planned, startedAt);
    await ports.pause(RETRY_MS);
    return { ...planned, uncertain: true };
  };
  return {
    failingSince: () => failingSince,
    answered(waiting) {
      if (waiting === 0) failingSince = undefined;
    },
    async settle(lane, planned) {
      let rest: PlannedWrite | undefined = planned;
      while (rest !== undefined) {
        const now: PlannedWrite = rest;
        rest = await attempt(lane, now).catch(async (error: unknown) => {
          ports.reportFault('store-shares', error);
          failingSince ??= ports.clock.now();
          await ports.pause(RETRY_MS);
          return { ...now, uncertain: true as const };
        });
      }
    },
  };
}

/** The batch as it is once the write has happened. */
function afterWrite({ do: act, batch, shares }: PlannedWrite): OpenBatch {
  if (act !== 'push') return batch;
  const pushed = shares.map(({ share: { record, hash } }) => ({ record, hash }));
  return { ...batch, shares: [...batch.shares, ...pushed], version: batch.version + 1 };
}

/** All shares of the write are stored: answers them, and seals the batch when it is full. */
function confirm(
  ports: SettlePorts,
  lane: Lane,
  planned: PlannedWrite,
  batch: OpenBatch | undefined,
  startedAt: UnixMs,
): undefined {
  for (const pending of planned.shares) pending.answer('stored');
  sharesStored(planned.shares.length, workOf(lane.k), ports.clock.now());
  const now = ports.clock.now();
  const before = planned.do === 'push' ? planned.batch.shares.length : 0;
  const shares = planned.shares.map(({ share }) => share);
  traceWrite(planned.batch.trace, shares, { before, startMs: startedAt, endMs: now });
  if (planned.do === 'seal-at-once') return release(ports, planned.batch);
  if (planned.do === 'open') batchReached('open');
  lane.open = lane.open.filter(({ batchId }) => batchId !== planned.batch.batchId);
  if (batch === undefined) return release(ports, planned.batch);
  if (batch.shares.length >= BATCH_MAX_SHARES) ports.seal(batch);
  else lane.open.push(batch);
  return undefined;
}

/** Something was refused: the database says what is stored, and what is to be written again. */
async function resolve(
  ports: SettlePorts,
  rules: BatchRules,
  lane: Lane,
  planned: PlannedWrite,
  startedAt: UnixMs,
): Promise<PlannedWrite | undefined> {
  const found = await ports.batches.find(planned.batch.batchId);
  if (found !== undefined && holdsOurs(found, planned, rules)) {
    const open = found.state === 'open' && found.owner === rules.instance ? found : undefined;
    return confirm(ports, lane, planned, open, startedAt);
  }
  const lostBatch = planned.do === 'push' && (found?.state !== 'open' || found.version !== planned.batch.version);
  if (lostBatch) {
    lane.open = lane.open.filter(({ batchId }) => batchId !== planned.batch.batchId);
    release(ports, planned.batch);
  }
  const shares = await withoutDuplicates(ports, planned);
  if (shares.length === 0) return undefined;
  if (!lostBatch && shares.length === planned.shares.length) await ports.pause(RETRY_MS);
  if (planned.do === 'push' && !lostBatch) return { do: 'push', batch: planned.batch, shares };
  return newBatch(lane, rules, shares, ports.clock.now());
}

/** Whether the stored batch holds these shares because an earlier attempt of this very write succeeded. */
function holdsOurs(found: OpenBatch | SealedBatch, planned: PlannedWrite, rules: BatchRules): boolean {
  if (planned.do !== 'push' && (planned.uncertain !== true || found.owner !== rules.instance)) return false;
  const stored = new Set(found.shares.map(({ hash }) => toHex(hash)));
  return planned.shares.every(({ share }) => stored.has(toHex(share.hash)));
}

async function withoutDuplicates(ports: SettlePorts, { shares }: PlannedWrite): Promise<PlannedWrite['shares']> {
  const stored = await ports.batches.storedHashes(shares.map(({ share }) => share.hash));
  return shares.filter((pending) => {
    const { hash } = pending.share;
    if (!stored.has(toHex(hash))) return true;
    pending.answer('duplicate');
    ports.seen.release(hash);
    return false;
  });
}

/**
 * All were answered `not-stored`. The write may have happened, so the batch is left to the sweeper; a repeat goes to
 * another batch, where the unique index decides.
 */
function abandon(ports: SettlePorts, lane: Lane, planned: PlannedWrite): undefined {
  lane.open = lane.open.filter(({ batchId }) => batchId !== planned.batch.batchId);
  if (planned.do === 'push') release(ports, planned.batch);
  for (const { share } of planned.shares) ports.seen.forget(share.hash);
  return undefined;
}

function release(ports: SettlePorts, batch: OpenBatch): undefined {
  for (const { hash } of batch.shares) ports.seen.release(hash);
  return undefined;
}
