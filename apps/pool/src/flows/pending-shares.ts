import type { Clock, UnixMs } from '@assay/shared/kernel/clock';
import type { AcceptedShare } from '../domain/share.ts';

/** `stored` durably · `duplicate`: another batch holds the hash · `not-stored`: no certainty in time. */
export type StoreOutcome = 'stored' | 'duplicate' | 'not-stored';

/** An accepted share that waits for its answer. */
export interface PendingShare {
  readonly share: AcceptedShare;
  isAnswered(): boolean;
  /** The first answer counts. */
  answer(outcome: StoreOutcome): void;
}

export interface PendingShares {
  add(share: AcceptedShare, settle: (outcome: StoreOutcome) => void): PendingShare;
  /** Answers `not-stored` to those that have waited for the whole timeout. */
  expire(): void;
  size(): number;
}

const COMPACT_AT = 4_096;

/** @param timeoutMs POOL_STORE_TIMEOUT_MS */
export function createPendingShares(clock: Clock, timeoutMs: number): PendingShares {
  // In order of submitting, hence of expiring; what lies before `head` has been looked at.
  let queue: { readonly pending: PendingShare; readonly submittedAt: UnixMs }[] = [];
  let head = 0;
  let size = 0;
  return {
    size: () => size,
    add(share, settle) {
      let answered = false;
      const pending: PendingShare = {
        share,
        isAnswered: () => answered,
        answer(outcome) {
          if (answered) return;
          answered = true;
          size -= 1;
          settle(outcome);
        },
      };
      size += 1;
      queue.push({ pending, submittedAt: clock.now() });
      return pending;
    },
    expire() {
      const now = clock.now();
      for (let entry = queue[head]; entry !== undefined; entry = queue[head]) {
        if (!entry.pending.isAnswered() && now - entry.submittedAt < timeoutMs) break;
        entry.pending.answer('not-stored');
        head += 1;
      }
      if (head > COMPACT_AT && 2 * head > queue.length) {
        queue = queue.slice(head);
        head = 0;
      }
    },
  };
}
