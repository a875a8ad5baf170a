import { type Clock, later, type UnixMs } from '@assay/shared/kernel/clock';
import type { BatchPort } from '../ports.ts';
import type { BatchSealer } from './seal-batch.ts';

export interface SweepPorts {
  readonly batches: BatchPort;
  readonly sealer: BatchSealer;
  readonly clock: Clock;
  /** This instance, which takes over what it finds. */
  readonly instance: string;
}

export interface SweepRules {
  /** POOL_BATCH_ORPHAN_MS: how long after its due time an open batch counts as an orphan. */
  readonly orphanMs: number;
  /** POOL_BATCH_RETENTION_D in ms. */
  readonly retentionMs: number;
}

const ORPHANS_PER_SWEEP = 256;
const OLD_PER_ROUND = 500;
const ROUNDS_MAX = 10_000;
const HASHES_KEPT_MS = 30 * 86_400_000;

/** Seals open batches whose instance did not; returns how many. Safe to run in several instances. */
export async function sweepOrphans(ports: SweepPorts, rules: SweepRules): Promise<number> {
  const due = later(ports.clock.now(), -rules.orphanMs);
  const orphans = await ports.batches.findOpenDue(due, ORPHANS_PER_SWEEP);
  const sealed = await Promise.all(
    orphans.map(async (orphan) => {
      const batch = await ports.batches.adopt(orphan, ports.instance);
      return batch !== undefined && (await ports.sealer.seal(batch)) === 'sealed';
    }),
  );
  return sealed.filter(Boolean).length;
}

/** When the oldest open batch of any instance was opened; undefined when there is none. @param windowMs of a batch */
export async function oldestOpenSince(
  { batches, clock }: Pick<SweepPorts, 'batches' | 'clock'>,
  windowMs: number,
): Promise<UnixMs | undefined> {
  // Every open batch is due within its window, and the first to be due is the oldest.
  const [oldest] = await batches.findOpenDue(later(clock.now(), windowMs), 1);
  return oldest?.openedAt;
}

/** Releases the hashes of batches sealed 30 d ago and removes batches after their retention (01-pool section 13). */
export async function sweepOldBatches({ batches, clock }: SweepPorts, rules: SweepRules): Promise<void> {
  const now = clock.now();
  await inRounds(() => batches.releaseHashes(later(now, -HASHES_KEPT_MS), OLD_PER_ROUND));
  await inRounds(() => batches.removeOld(later(now, -rules.retentionMs), OLD_PER_ROUND));
}

/** A busy pool seals more in ten minutes than one round takes. */
async function inRounds(round: () => Promise<number>): Promise<void> {
  for (let rounds = 0; rounds < ROUNDS_MAX; rounds += 1) if ((await round()) < OLD_PER_ROUND) return;
}
