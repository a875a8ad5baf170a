import { setTimeout as wait } from 'node:timers/promises';
import { createLatencies, type Latencies } from './latencies.ts';
import { type LoadConnection, openLoadConnection, type SentShare } from './stratum-connection.ts';

export interface StratumLoadOptions {
  readonly host: string;
  readonly port: number;
  /** `<locking key>.<worker>` per connection. */
  readonly usernames: readonly string[];
  readonly password: string;
  /** Closed loop: submits that each connection keeps unanswered. */
  readonly inFlight: number;
  /** Open loop instead: submits a second over all connections, whatever the answers. */
  readonly ratePerSecond?: number;
  /** Eight hex digits for every share instead of the job's own: for shares that are to be refused. */
  readonly ntime?: string;
  /** Told of every answer: true, or the reason of the refusal. */
  readonly answered?: (share: SentShare, answer: true | string) => void;
}

export interface StratumLoad {
  readonly latencies: Latencies;
  readonly counts: { accepted: number; refused: number; lost: number };
  /** Number of connections that are subscribed and have a job now. */
  connected(): number;
  stop(): Promise<void>;
}

const RECONNECT_MS = 200;
const TICK_MS = 2;

/**
 * Submits as fast as asked. Every share is distinct and none is searched for: run the pool at difficulty 2^-32, where all
 * but one hash in 65,536 meet the target. Connections that end are opened again until stopped.
 */
export function startStratumLoad(options: StratumLoadOptions): StratumLoad {
  const latencies = createLatencies();
  const counts = { accepted: 0, refused: 0, lost: 0 };
  const connections = new Set<LoadConnection>();
  const state = { stopped: false, nonce: 0 };

  const answered = (share: SentShare, answer: true | string) => {
    latencies.add(performance.now() - share.dueAt);
    if (answer === true) counts.accepted += 1;
    else counts.refused += 1;
    options.answered?.(share, answer);
  };
  const keepOpen = async (username: string) => {
    while (!state.stopped) {
      const connection = await openLoadConnection({ ...options, username }, answered).catch(() => undefined);
      if (connection !== undefined) {
        connections.add(connection);
        // It may have been opening while the others were closed.
        if (state.stopped) connection.close();
        else if (options.ratePerSecond === undefined) connection.keepInFlight(options.inFlight);
        counts.lost += await connection.closed;
        connections.delete(connection);
      }
      if (!state.stopped) await wait(RECONNECT_MS);
    }
  };
  const running = options.usernames.map(keepOpen);
  if (options.ratePerSecond !== undefined) running.push(sendAtRate(options.ratePerSecond, connections, state));
  return {
    latencies,
    counts,
    connected: () => connections.size,
    stop: async () => {
      state.stopped = true;
      for (const connection of connections) connection.close();
      await Promise.all(running);
    },
  };
}

/** Latency counts from the instant at which a share was due, so a stalled server cannot hide what it delayed. */
async function sendAtRate(
  perSecond: number,
  connections: ReadonlySet<LoadConnection>,
  state: { readonly stopped: boolean },
): Promise<void> {
  let due = performance.now();
  while (!state.stopped) {
    const ready = [...connections];
    const now = performance.now();
    for (let turn = 0; due <= now; turn += 1, due += 1_000 / perSecond) {
      ready[turn % Math.max(1, ready.length)]?.submit(due);
    }
    await wait(TICK_MS);
  }
}
