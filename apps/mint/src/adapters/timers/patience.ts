import type { ServiceContext } from '@assay/shared/runtime/service';
import { setTimeout as wait } from 'node:timers/promises';
import type { Patience } from '../../melt-ports.ts';

/** Longest that a wallet's request waits for a payment; it is answered PENDING then. */
const WAIT_MS_MAX = 20_000;

/** Waits for payments a while, and logs what goes wrong with those that nobody waits for. */
export function patience({ log }: Pick<ServiceContext, 'log'>, waitMsMax = WAIT_MS_MAX): Patience {
  const settled = <T>(work: Promise<T>) =>
    work.catch((error: unknown) => {
      log.warn({ err: error }, 'a melt is left to the recovery');
      return undefined;
    });
  return {
    leave: (work) => void settled(work),
    waitFor: async (work) => {
      const timer = new AbortController();
      const late = wait(waitMsMax, undefined, { signal: timer.signal }).catch(() => undefined);
      try {
        return await Promise.race([settled(work), late]);
      } finally {
        timer.abort();
      }
    },
  };
}
