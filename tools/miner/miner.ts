import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { headerOf, shareHash, targetOf } from './header.ts';
import type { Work, WorkReport } from './hash-worker.ts';
import { connectStratum, type StratumClient, type StratumJob, type SubmitAnswer } from './stratum-client.ts';

export interface MinerOptions {
  readonly host: string;
  readonly port: number;
  /** `<locking key>[.<worker>]`. */
  readonly username: string;
  readonly password?: string;
  readonly threads?: number;
  /** Share of a core that each thread may use, 0 < load ≤ 1. */
  readonly load?: number;
  /** Told of every answer, with the share's header hash. */
  readonly answered?: (hash: string, answer: SubmitAnswer) => void;
}

export interface MinerStatistics {
  hashes: number;
  accepted: number;
  refused: number;
  reconnects: number;
}

export interface Miner {
  readonly statistics: Readonly<MinerStatistics>;
  stop(): Promise<void>;
}

interface Assignment {
  readonly job: StratumJob;
  readonly header: Uint8Array;
  readonly extranonce2: string;
  readonly client: StratumClient;
}

const RECONNECT_MS = 500;
/** Work handed out that a late report may still name. */
const ASSIGNMENTS_KEPT = 64;

/** A CPU miner that knows nothing of the pool but Stratum V1. It reconnects for ever until stopped. */
export function startMiner(options: MinerOptions): Miner {
  const statistics: MinerStatistics = { hashes: 0, accepted: 0, refused: 0, reconnects: 0 };
  const assignments = new Map<number, Assignment>();
  const state = { stopped: false, workId: 0, extranonce2: 0 };
  let latest: { job: StratumJob; extranonce1: string; difficulty: number; client: StratumClient } | undefined;

  const assign = (worker: Worker) => {
    if (latest === undefined) return;
    const workId = (state.workId += 1);
    const extranonce2 = (state.extranonce2 += 1).toString(16).padStart(16, '0');
    const header = headerOf(latest.job, latest.extranonce1, extranonce2);
    assignments.delete(workId - ASSIGNMENTS_KEPT);
    assignments.set(workId, { job: latest.job, header, extranonce2, client: latest.client });
    worker.postMessage({ workId, header, target: targetOf(latest.difficulty), load: options.load ?? 1 } satisfies Work);
  };
  const workers = Array.from({ length: options.threads ?? 1 }, () => {
    const worker = new Worker(new URL('./hash-worker.ts', import.meta.url));
    worker.on('message', (report: WorkReport) => {
      statistics.hashes += report.hashes;
      const assignment = assignments.get(report.workId);
      if (assignment !== undefined && report.nonce !== undefined) void submit(assignment, report.nonce);
      if (report.exhausted) assign(worker);
    });
    return worker;
  });

  const submit = async ({ job, header, extranonce2, client }: Assignment, nonce: number) => {
    const answer = await client.submit(job.id, extranonce2, job.ntime, nonce.toString(16).padStart(8, '0'));
    if (answer === true) statistics.accepted += 1;
    else statistics.refused += 1;
    options.answered?.(shareHash(header, nonce), answer);
  };

  const running = mineUntilStopped();
  async function mineUntilStopped(): Promise<void> {
    while (!state.stopped) {
      await mineOneConnection().catch(() => undefined);
      if (!state.stopped) await wait(RECONNECT_MS);
      statistics.reconnects += 1;
    }
  }

  async function mineOneConnection(): Promise<void> {
    let close: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => (close = resolve));
    const jobs: (() => void)[] = [];
    let client: StratumClient | undefined;
    const takeJob = (job: StratumJob, extranonce1: string, difficulty: number) => {
      if (client === undefined) return void jobs.push(() => takeJob(job, extranonce1, difficulty));
      latest = { job, extranonce1, difficulty, client };
      // Old work may still be credited unless the pool said that it is stale.
      if (job.clean) assignments.clear();
      workers.forEach(assign);
    };
    const login = { username: options.username, password: options.password ?? 'x', agent: 'assay-miner/0.1' };
    client = await connectStratum(options, login, { job: takeJob, closed: close });
    connected = client;
    jobs.forEach((replay) => replay());
    await closed;
    latest = undefined;
  }
  let connected: StratumClient | undefined;

  return {
    statistics,
    stop: async () => {
      state.stopped = true;
      connected?.close();
      await Promise.all(workers.map((worker) => worker.terminate()));
      await running;
    },
  };
}
