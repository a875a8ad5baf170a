import { createLatencies } from '../load/latencies.ts';
import type { SentShare } from '../load/stratum-connection.ts';
import { startStratumLoad, type StratumLoad } from '../load/stratum-load.ts';
import { until } from '../stack/until.ts';
import { serveProgram } from './program.ts';

export interface StratumPlan {
  readonly port: number;
  /** One connection for each. */
  readonly usernames: readonly string[];
  readonly inFlight: number;
  readonly ratePerSecond?: number;
}

const CONNECTED_MS = 20_000;
const EASIEST = String(2 ** -32);

const state = { load: undefined as StratumLoad | undefined, counted: newCount(), branchSteps: -1 };

function newCount() {
  return { since: performance.now(), accepted: 0, refused: new Map<string, number>(), latencies: createLatencies() };
}

function answered({ dueAt, job }: SentShare, answer: true | string): void {
  const { counted } = state;
  counted.latencies.add(performance.now() - dueAt);
  state.branchSteps = job.branch.length;
  if (answer === true) counted.accepted += 1;
  else counted.refused.set(answer, (counted.refused.get(answer) ?? 0) + 1);
}

/** Load on the Stratum port of a pool whose lowest difficulty is 2^-32. */
const calls = {
  async open({ port, usernames, inFlight, ratePerSecond }: StratumPlan): Promise<void> {
    const load = startStratumLoad({
      host: '127.0.0.1',
      password: `d=${EASIEST},min=${EASIEST},max=${EASIEST}`,
      ...{ port, usernames, inFlight, answered },
      ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
    });
    state.load = load;
    await until(
      async () => load.connected(),
      (connected) => connected === usernames.length,
      CONNECTED_MS,
    );
  },
  /** Merkle steps of the job of the share that was answered last. */
  branchSteps: () => state.branchSteps,
  reset(): void {
    state.counted = newCount();
  },
  /** What was answered since the last reset. */
  figures() {
    const { since, accepted, refused, latencies } = state.counted;
    const seconds = (performance.now() - since) / 1_000;
    const [p50Ms, p99Ms] = [latencies.quantile(0.5), latencies.quantile(0.99)];
    return { accepted, seconds, p50Ms, p99Ms, refused, lost: state.load?.counts.lost ?? 0 };
  },
  async close(): Promise<void> {
    await state.load?.stop();
  },
};

export type StratumProgram = typeof calls;

serveProgram(calls);
