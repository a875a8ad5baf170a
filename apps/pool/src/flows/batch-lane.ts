import { present } from '@assay/shared/kernel/assert';
import { later, type UnixMs } from '@assay/shared/kernel/clock';
import type { LockingKey, PoolId } from '@assay/shared/kernel/ids';
import { BATCH_MAX_SHARES, batchIdOf, type OpenBatch } from '../domain/batch.ts';
import type { AcceptedShare } from '../domain/share.ts';
import { traceFirstShare } from '../telemetry.ts';
import type { PendingShare } from './pending-shares.ts';

/** The batches of one locking key, one template and one assigned target in this instance. */
export interface Lane {
  readonly name: string;
  readonly lockingKey: LockingKey;
  readonly templateId: string;
  readonly k: number;
  /** Not yet in any write. */
  waiting: PendingShare[];
  /** Open batches of this instance as stored last; seldom more than one. */
  open: OpenBatch[];
  flushing: boolean;
}

/** One write under way: `batch` is as it was before a push, and with its shares when it is new. */
export interface PlannedWrite {
  readonly do: 'open' | 'push' | 'seal-at-once';
  readonly batch: OpenBatch;
  readonly shares: readonly PendingShare[];
  /** Whether an earlier attempt may have happened. */
  readonly uncertain?: true;
}

export interface BatchRules {
  readonly poolId: PoolId;
  /** This start of this process: owner of the batches that it opens. */
  readonly instance: string;
  /** 0: each share is a batch of its own, sealed at once. */
  readonly windowMs: number;
}

export function laneNameOf(share: AcceptedShare): string {
  return `${share.worker.lockingKey}/${share.template.id}/${share.k}`;
}

export function createLane(name: string, share: AcceptedShare): Lane {
  const { worker, template, k } = share;
  return { name, lockingKey: worker.lockingKey, templateId: template.id, k, waiting: [], open: [], flushing: false };
}

/** Takes what waits: fills the open batches, then opens new ones of at most 256 shares. */
export function planWrites(lane: Lane, rules: BatchRules, now: UnixMs): PlannedWrite[] {
  const writes: PlannedWrite[] = [];
  let rest = lane.waiting;
  lane.waiting = [];
  const take = (count: number): readonly PendingShare[] => {
    const taken = rest.slice(0, count);
    rest = rest.slice(count);
    return taken;
  };
  for (const batch of lane.open) {
    const shares = take(BATCH_MAX_SHARES - batch.shares.length);
    if (shares.length > 0) writes.push({ do: 'push', batch, shares });
  }
  const perBatch = rules.windowMs === 0 ? 1 : BATCH_MAX_SHARES;
  while (rest.length > 0) writes.push(newBatch(lane, rules, take(perBatch), now));
  return writes;
}

/** A batch that begins with these shares, and its trace with the first of them. */
export function newBatch(lane: Lane, rules: BatchRules, shares: readonly PendingShare[], now: UnixMs): PlannedWrite {
  const { lockingKey, templateId, k } = lane;
  const stored = shares.map(({ share: { record, hash } }) => ({ record, hash }));
  const first = present(shares[0], 'first share of a batch');
  const batch: OpenBatch = {
    state: 'open',
    batchId: batchIdOf({ poolId: rules.poolId, lockingKey, templateId, k }, first.share.hash),
    poolId: rules.poolId,
    lockingKey,
    templateId,
    k,
    owner: rules.instance,
    openedAt: now,
    sealDueAt: later(now, rules.windowMs),
    shares: stored,
    trace: traceFirstShare(first.share, now),
    version: 1,
  };
  return { do: rules.windowMs === 0 ? 'seal-at-once' : 'open', batch, shares };
}
