import { setTimeout as wait } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { createGrinder, type Grinder } from './double-sha256.ts';

/** Work for one thread: grind `header` below `target`, resting so that at most `load` of a core is used. */
export interface Work {
  readonly workId: number;
  readonly header: Uint8Array;
  readonly target: Uint8Array;
  readonly load: number;
}

/** From a thread: a nonce that meets the target, hashes done since the last report, or the end of the nonce space. */
export interface WorkReport {
  readonly workId: number;
  readonly hashes: number;
  readonly nonce: number | undefined;
  readonly exhausted: boolean;
}

const SLICE = 8_192;
const NONCES = 2 ** 32;

let current: { readonly work: Work; readonly grinder: Grinder; next: number } | undefined;

parentPort?.on('message', (work: Work) => {
  const idle = current === undefined;
  current = { work, grinder: createGrinder(work.header, work.target), next: 0 };
  if (idle) void grindForEver();
});

async function grindForEver(): Promise<void> {
  while (current !== undefined) {
    const startedAt = performance.now();
    report(current);
    const busyMs = performance.now() - startedAt;
    await wait(busyMs * (1 / current.work.load - 1));
  }
}

function report(job: NonNullable<typeof current>): void {
  const count = Math.min(SLICE, NONCES - job.next);
  const nonce = job.grinder.grind(job.next, count);
  const hashes = nonce === undefined ? count : nonce - job.next + 1;
  job.next += hashes;
  const exhausted = job.next >= NONCES;
  parentPort?.postMessage({ workId: job.work.workId, hashes, nonce, exhausted } satisfies WorkReport);
  if (exhausted) current = undefined;
}
