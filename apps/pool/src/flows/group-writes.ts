import type { BatchPort, BatchWrite, BatchWriteOutcome, ReportFault } from '../ports.ts';

const GROUP_MAX = 64;
const GROUPS_IN_FLIGHT = 4;
/** So many writes are worth a group beside those in flight: however few they are, a group costs the database a journal sync. */
const GROUP_WORTHWHILE = 8;

/** One write of a batch, sent together with the others that wait at that moment. */
export type GroupedWrite = (write: BatchWrite) => Promise<BatchWriteOutcome>;

interface Waiting {
  readonly write: BatchWrite;
  settle(outcome: BatchWriteOutcome): void;
}

/**
 * Groups writes without a timer: a lone one goes at once; while a group is under way, what arrives waits and goes together
 * in the next, or beside it when there is enough for a group.
 */
export function createGroupedWrites(ports: {
  readonly batches: Pick<BatchPort, 'write'>;
  readonly reportFault: ReportFault;
}): GroupedWrite {
  let waiting: Waiting[] = [];
  let inFlight = 0;

  const send = async (group: readonly Waiting[]): Promise<void> => {
    const outcomes = await ports.batches
      .write(group.map(({ write }) => write))
      .catch((error: unknown): readonly BatchWriteOutcome[] => {
        ports.reportFault('store-shares', error);
        return [];
      });
    group.forEach(({ settle }, index) => settle(outcomes[index] ?? 'unknown'));
  };
  const pump = (): void => {
    while (inFlight < GROUPS_IN_FLIGHT && waiting.length >= (inFlight === 0 ? 1 : GROUP_WORTHWHILE)) {
      const group = waiting.slice(0, GROUP_MAX);
      waiting = waiting.slice(GROUP_MAX);
      inFlight += 1;
      void send(group).then(() => {
        inFlight -= 1;
        pump();
      });
    }
  };
  return (write) =>
    new Promise((settle) => {
      waiting.push({ write, settle });
      // After this turn of the loop: what the same turn adds goes along.
      queueMicrotask(pump);
    });
}
