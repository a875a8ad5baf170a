import type { Clock } from '@assay/shared/kernel/clock';
import type { ShareRefusal, Worker } from '../domain/share.ts';

/** A refused share, for who watches live. */
export interface RefusedShare {
  readonly worker: Worker;
  readonly reason: ShareRefusal;
  readonly atMs: number;
}

export interface RefusalTeller {
  /** Costs nothing while nobody listens; beyond the limit of a second refusals are left out. */
  tell(worker: Worker, reason: ShareRefusal): void;
  listen(listener: (share: RefusedShare) => void): void;
}

const PER_SECOND_MAX = 1_000;
const SECOND_MS = 1_000;

/** Live refusals (01-pool section 12): never stored, never waited for. */
export function createRefusalTeller(clock: Clock): RefusalTeller {
  let listener: ((share: RefusedShare) => void) | undefined;
  let second = 0;
  let told = 0;
  return {
    tell(worker, reason) {
      if (listener === undefined) return;
      const atMs = clock.now();
      const current = atMs - (atMs % SECOND_MS);
      if (current !== second) [second, told] = [current, 0];
      if (told >= PER_SECOND_MAX) return;
      told += 1;
      listener({ worker, reason, atMs });
    },
    listen: (given) => void (listener = given),
  };
}
