import { assert } from '@assay/shared/kernel/assert';
import { Worker } from 'node:worker_threads';
import type { Signer } from '../../ports.ts';
import { decodeSignatures, encodeSignJobs, encodeVerifyJobs } from './batch-layout.ts';

/** About 10 ms of work: large requests are shared by all workers and do not hold up small ones for long. */
const JOBS_PER_TASK = 64;

export interface WorkerTask {
  readonly kind: 'sign' | 'verify';
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface WorkerAnswer {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

interface PendingTask extends WorkerTask {
  readonly done: (answer: Uint8Array) => void;
  readonly failed: (error: Error) => void;
}

export interface WorkerSigner extends Signer {
  /** Ends the threads; what is under way fails. */
  stop(): Promise<void>;
}

/**
 * Signs on `count` threads, in the order of arrival, so that the event loop goes on answering.
 * @param crashed is told when a thread dies: the process cannot sign any more and must restart.
 */
export function workerSigner(count: number, crashed: (error: Error) => void): WorkerSigner {
  assert(count >= 1, 'a worker signer has workers');
  const queue: PendingTask[] = [];
  let stopping = false;
  const crew = Array.from({ length: count }, () => hire(queue, (error) => !stopping && crashed(error)));

  const run = (kind: WorkerTask['kind'], bytes: Uint8Array<ArrayBuffer>) =>
    new Promise<Uint8Array>((done, failed) => {
      queue.push({ kind, bytes, done, failed });
      crew.find((member) => member.isIdle())?.next();
    });
  return {
    async sign(jobs) {
      const parts = await Promise.all(inTasks(jobs).map((part) => run('sign', encodeSignJobs(part))));
      return parts.flatMap(decodeSignatures);
    },
    async verify(jobs) {
      const parts = await Promise.all(inTasks(jobs).map((part) => run('verify', encodeVerifyJobs(part))));
      return parts.every(([verdict]) => verdict === 1);
    },
    async stop() {
      stopping = true;
      await Promise.all(crew.map((member) => member.stop()));
    },
  };
}

function hire(queue: PendingTask[], crashed: (error: Error) => void) {
  const worker = new Worker(new URL('./signing-worker.ts', import.meta.url));
  let current: PendingTask | undefined;
  const next = () => {
    current = queue.shift();
    if (current !== undefined) worker.postMessage({ kind: current.kind, bytes: current.bytes }, [current.bytes.buffer]);
  };
  const died = (error: Error) => {
    current?.failed(error);
    for (const task of queue.splice(0)) task.failed(error);
    crashed(error);
  };
  worker.on('message', ({ bytes }: WorkerAnswer) => {
    current?.done(bytes);
    next();
  });
  worker.on('error', died);
  worker.on('exit', () => died(new Error('a signing thread ended')));
  return { isIdle: () => current === undefined, next, stop: () => worker.terminate() };
}

function inTasks<Job>(jobs: readonly Job[]): (readonly Job[])[] {
  const tasks: (readonly Job[])[] = [];
  for (let at = 0; at < jobs.length; at += JOBS_PER_TASK) tasks.push(jobs.slice(at, at + JOBS_PER_TASK));
  return tasks;
}
