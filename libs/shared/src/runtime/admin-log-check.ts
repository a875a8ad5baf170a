import type { Db } from 'mongodb';
import { ADMIN_LOG, GENESIS, hashOfEntry, type LogEntry } from './admin-log.ts';
import { gauge } from './metrics.ts';
import type { ServiceContext } from './service-context.ts';

const EVERY_MS = 60_000;
/** In between, only what is new is read. */
const WHOLE_EVERY = 60;

const brokenChain = gauge('assay_admin_log_broken', '1 when an entry of the admin log was changed or removed', {});

/** The last entry that was found in its place. */
interface LogHead {
  readonly count: number;
  readonly hash: string;
}

export interface AdminLogCheck {
  /**
   * Follows the chain of hashes from its beginning, or from what was last found good.
   * @returns the number of the first entry that is not what was written, or undefined. What this process has seen at the
   * end of the log may not be gone either.
   */
  firstBroken(from: 'beginning' | 'last-good'): Promise<number | undefined>;
}

export function adminLogCheck(db: Db): AdminLogCheck {
  const entries = db.collection<LogEntry>(ADMIN_LOG);
  let good: LogHead = { count: 0, hash: GENESIS };
  return {
    firstBroken: async (from) => {
      let head: LogHead = from === 'beginning' ? { count: 0, hash: GENESIS } : good;
      for await (const entry of entries.find({ _id: { $gte: head.count } }).sort({ _id: 1 })) {
        if (!follows(entry, head)) return head.count;
        head = { count: entry._id + 1, hash: entry.hash };
        if (head.count === good.count && head.hash !== good.hash) return entry._id;
      }
      if (head.count < good.count) return head.count;
      good = head;
      return undefined;
    },
  };
}

/** Checks the log at once and each minute; a broken one is a metric and a line that pages. */
export function watchAdminLog(context: Pick<ServiceContext, 'every' | 'log'>, check: AdminLogCheck): void {
  let passes = 0;
  const pass = async () => {
    const broken = await check.firstBroken(passes % WHOLE_EVERY === 0 ? 'beginning' : 'last-good');
    passes += 1;
    brokenChain.set({}, broken === undefined ? 0 : 1);
    if (broken === undefined) return;
    // The rest of the log cannot be trusted until somebody has looked: keep reading all of it.
    passes = 0;
    context.log.fatal({ entry: broken }, 'the admin log was changed: an entry is not what was written');
  };
  pass().catch((error: unknown) =>
    context.log.warn({ err: error }, 'the admin log could not be checked; it is tried again'),
  );
  context.every('admin log', EVERY_MS, pass);
}

function follows(entry: LogEntry, { count, hash }: LogHead): boolean {
  return entry._id === count && entry.prevHash === hash && entry.hash === hashOfEntry(entry);
}
