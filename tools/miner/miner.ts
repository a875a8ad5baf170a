import { setTimeout as wait } from 'node:timers/promises';
import { shareHash } from './header.ts';
import { connectStratum, type StratumClient, type StratumJob, type SubmitAnswer } from './stratum-client.ts';
import { createWorkBoard, type FoundShare, type WorkBoard } from './work-board.ts';

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
  /** Told why a connection could not be opened; another try follows. */
  readonly refused?: (why: unknown) => void;
}

interface MinerStatistics {
  hashes: number;
  accepted: number;
  refused: number;
  reconnects: number;
}

export interface Miner {
  readonly statistics: Readonly<MinerStatistics>;
  stop(): Promise<void>;
}

const RECONNECT_MS = 500;
const AGENT = 'assay-miner/0.1';

/** A CPU miner that knows nothing of the pool but Stratum V1. It reconnects for ever until stopped. */
export function startMiner(options: MinerOptions): Miner {
  const statistics: MinerStatistics = { hashes: 0, accepted: 0, refused: 0, reconnects: 0 };
  const submit = async ({ place, job, header, extranonce2, nonce }: FoundShare<StratumClient>) => {
    const answer = await place.submit(job.id, extranonce2, job.ntime, nonce.toString(16).padStart(8, '0'));
    if (answer === true) statistics.accepted += 1;
    else statistics.refused += 1;
    options.answered?.(shareHash(header, nonce), answer);
  };
  const board = createWorkBoard<StratumClient>(
    { threads: options.threads ?? 1, load: options.load ?? 1 },
    { hashed: (hashes) => void (statistics.hashes += hashes), found: (share) => void submit(share) },
  );
  const stopping = new AbortController();
  const running = mineUntilStopped(options, board, statistics, stopping.signal);
  return {
    statistics,
    stop: async () => {
      stopping.abort();
      await board.stop();
      await running;
    },
  };
}

async function mineUntilStopped(
  options: MinerOptions,
  board: WorkBoard<StratumClient>,
  statistics: MinerStatistics,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await mineOneConnection(options, board, signal).catch((error: unknown) => options.refused?.(error));
    board.take(undefined);
    await wait(RECONNECT_MS, undefined, { signal }).catch(() => undefined);
    statistics.reconnects += 1;
  }
}

/** Resolves when the connection ends; rejects when it could not be opened. */
async function mineOneConnection(
  options: MinerOptions,
  board: WorkBoard<StratumClient>,
  signal: AbortSignal,
): Promise<void> {
  const closed = Promise.withResolvers<void>();
  let client: StratumClient | undefined;
  let early: (() => void) | undefined;
  const job = (sent: StratumJob, extranonce1: string, difficulty: number) => {
    const place = client;
    // The first job may come before the answer to authorize was read here.
    if (place === undefined) early = () => job(sent, extranonce1, difficulty);
    else board.take({ job: sent, extranonce1, difficulty, place });
  };
  const login = { username: options.username, password: options.password ?? 'x', agent: AGENT };
  client = await connectStratum(options, login, { job, closed: closed.resolve });
  const close = client.close;
  signal.addEventListener('abort', close);
  if (signal.aborted) close();
  early?.();
  await closed.promise;
  signal.removeEventListener('abort', close);
}
