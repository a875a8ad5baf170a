import { schnorrSign } from '@assay/shared/kernel/schnorr';
import type { Clock } from '@assay/shared/kernel/clock';
import { type AcceptedShare } from '../src/domain/share.ts';
import { createShareSet } from '../src/domain/share-set.ts';
import type { StoreOutcome } from '../src/flows/pending-shares.ts';
import { createSealer } from '../src/flows/seal-batch.ts';
import { createBatchWriter } from '../src/flows/store-shares.ts';
import { sweepOrphans } from '../src/flows/sweep-batches.ts';
import type { BatchPort, Failpoint, Pause } from '../src/ports.ts';
import { POOL_ID } from './known-work.ts';

export const POOL_SECRET = new Uint8Array(32).fill(3);
export const ORPHAN_MS = 10_000;

export interface BatchInstanceOptions {
  readonly batches: BatchPort;
  readonly clock: Clock;
  readonly instance?: string;
  readonly windowMs?: number;
  readonly creditShift?: number;
  readonly failpoint?: Failpoint;
  readonly isEnded?: (templateId: string) => boolean;
  /** A turn of the event loop when left out. */
  readonly pause?: Pause;
}

/** Writer, sealer and sweeper of one instance, as `main` puts them together, with time in the hands of the test. */
export function batchInstance(options: BatchInstanceOptions) {
  const { batches, clock, instance = 'a', windowMs = 10_000, creditShift = 16, failpoint } = options;
  const faults: unknown[] = [];
  const ports = {
    batches,
    clock,
    signer: { sign: async (digest: Uint8Array) => schnorrSign(digest, POOL_SECRET) },
    pause: options.pause ?? (() => new Promise<void>((resolve) => void setImmediate(resolve))),
    reportFault: (_: string, error: unknown) => void faults.push(error),
    ...(failpoint === undefined ? {} : { failpoint }),
  };
  const sealer = createSealer(ports, { creditShift });
  const seen = createShareSet(10_000);
  const writer = createBatchWriter(
    { ...ports, sealer, seen, isEnded: options.isEnded ?? (() => false) },
    { poolId: POOL_ID, instance, windowMs, storeTimeoutMs: 5_000 },
  );
  return {
    writer,
    sealer,
    seen,
    faults,
    /** As the judge does: a share that is in the local set already does not come to the writer. */
    submit(share: AcceptedShare): Promise<StoreOutcome> {
      if (seen.has(share.hash)) return Promise.resolve('duplicate');
      seen.add(share.hash);
      return writer.submit(share);
    },
    sweep: () =>
      sweepOrphans({ batches, sealer, clock, instance }, { orphanMs: ORPHAN_MS, retentionMs: 400 * 86_400_000 }),
  };
}

export type BatchInstance = ReturnType<typeof batchInstance>;
