import type { Clock } from '@assay/shared/kernel/clock';
import type { DueWork, Scheduler, TaskQueue } from '../ports.ts';

const PAGE = 500;
const PAGES_MAX = 200;

export interface EnqueuePorts {
  readonly clock: Clock;
  readonly waiting: readonly DueWork[];
  readonly queue: TaskQueue;
}

/**
 * Enqueues everything whose wait is over (02-auditor section 5). A task is published before its document says so: a crash
 * in between publishes it again under the same message id.
 */
export async function enqueueDue({ clock, waiting, queue }: EnqueuePorts): Promise<number> {
  let enqueued = 0;
  for (const work of waiting) {
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const tasks = await work.due(clock.now(), PAGE);
      await Promise.all(tasks.map((task) => queue.publish(task)));
      await work.enqueued(tasks, clock.now());
      enqueued += tasks.length;
      if (tasks.length < PAGE) break;
    }
  }
  return enqueued;
}

/** Runs `enqueue` one at a time; a wake-up during a run is followed by another run. */
export function wakeableScheduler(
  enqueue: () => Promise<unknown>,
  onFault: (error: unknown) => void,
): Scheduler & { settled(): Promise<void> } {
  let running: Promise<void> | undefined;
  let again = false;
  const run = async () => {
    do {
      again = false;
      await enqueue();
    } while (again);
  };
  return {
    wake: () => {
      again = running !== undefined;
      running ??= run()
        .catch(onFault)
        .finally(() => {
          running = undefined;
        });
    },
    settled: () => running ?? Promise.resolve(),
  };
}
