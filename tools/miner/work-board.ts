import { Worker } from 'node:worker_threads';
import type { Work, WorkReport } from './hash-worker.ts';
import { headerOf, targetOf } from './header.ts';
import type { StratumJob } from './stratum-client.ts';

/** A job as a connection was sent it, with what is needed to submit its shares there. */
export interface CurrentJob<Place> {
  readonly job: StratumJob;
  readonly extranonce1: string;
  readonly difficulty: number;
  readonly place: Place;
}

/** A share that a thread found. */
export interface FoundShare<Place> {
  readonly place: Place;
  readonly job: StratumJob;
  readonly header: Uint8Array;
  readonly extranonce2: string;
  readonly nonce: number;
}

export interface WorkBoard<Place> {
  /** All threads go over to this job; shares of the one before still count unless it says clean. */
  take(current: CurrentJob<Place> | undefined): void;
  stop(): Promise<void>;
}

/** Work handed out that a late report may still name. */
const ASSIGNMENTS_KEPT = 64;

/** Gives each hashing thread its own extranonce2, and says which shares they find. */
export function createWorkBoard<Place>(
  { threads, load }: { readonly threads: number; readonly load: number },
  told: { hashed(hashes: number): void; found(share: FoundShare<Place>): void },
): WorkBoard<Place> {
  const assignments = new Map<number, Omit<FoundShare<Place>, 'nonce'>>();
  const counters = { workId: 0, extranonce2: 0 };
  let latest: CurrentJob<Place> | undefined;

  const assign = (worker: Worker) => {
    if (latest === undefined) return;
    const workId = (counters.workId += 1);
    const extranonce2 = (counters.extranonce2 += 1).toString(16).padStart(16, '0');
    const header = headerOf(latest.job, latest.extranonce1, extranonce2);
    assignments.delete(workId - ASSIGNMENTS_KEPT);
    assignments.set(workId, { job: latest.job, header, extranonce2, place: latest.place });
    worker.postMessage({ workId, header, target: targetOf(latest.difficulty), load } satisfies Work);
  };
  const workers = Array.from({ length: threads }, () => {
    const worker = new Worker(new URL('./hash-worker.ts', import.meta.url));
    worker.on('message', ({ workId, hashes, nonce, exhausted }: WorkReport) => {
      told.hashed(hashes);
      const assignment = assignments.get(workId);
      if (assignment !== undefined && nonce !== undefined) told.found({ ...assignment, nonce });
      if (exhausted) assign(worker);
    });
    return worker;
  });
  return {
    take: (current) => {
      latest = current;
      if (current?.job.clean === true) assignments.clear();
      workers.forEach(assign);
    },
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
