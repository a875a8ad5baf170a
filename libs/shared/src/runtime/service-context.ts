import type { Clock } from '../kernel/clock.ts';
import type { Logger } from './log.ts';
import { counter } from './metrics.ts';

/** The order of a drain: NOT_SERVING first, then inwards from the edge (07 section 6); milliseconds each may take. */
const STAGES_MS = {
  'not-serving': 1_000,
  edge: 5_000,
  grpc: 10_000,
  consumers: 10_000,
  work: 5_000,
  relay: 5_000,
  nats: 5_000,
  database: 5_000,
  telemetry: 5_000,
} as const;

export type StopStage = keyof typeof STAGES_MS;
const STOP_STAGES = Object.keys(STAGES_MS) as readonly StopStage[];

const PROBE_TIMEOUT_MS = 2_000;

const timerFaults = counter('assay_service_timer_faults_total', 'Faults of repeating work', { what: 'open' });

/** What a service is given by its runtime. */
export interface ServiceContext {
  /** `pool` */
  readonly name: string;
  /** Unique per process start. */
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called once at `stage` of the drain; within a stage the last registered stops first. */
  onStop(stage: StopStage, what: string, stop: () => Promise<void> | void): void;
  /** The service is ready while all probes are true; one that throws or takes 2 s is false. */
  readiness(what: string, probe: () => boolean | Promise<boolean>): void;
  isReady(): Promise<boolean>;
  /** For faults that nothing can mend: logs, drains, exits 1. */
  failed(error: unknown): void;
  /**
   * Runs `run` again and again, `ms` after the last run has ended, first after `ms`. Faults are logged and counted.
   * Ends at stage `work`, which waits for a run under way.
   */
  every(what: string, ms: number, run: () => Promise<void> | void): void;
}

export interface Readiness {
  readonly ready: boolean;
  /** Name → answer of each probe. */
  readonly probes: Readonly<Record<string, boolean>>;
}

export interface Lifecycle {
  readonly context: ServiceContext;
  /** From now on the service may be ready. */
  started(): void;
  readinessReport(): Promise<Readiness>;
  /** Drains; always ends, as each stage has its time-out. Repeated calls give the first one's promise. */
  stop(): Promise<void>;
  /** Whether a drain has begun. */
  stopping(): boolean;
}

interface Stop {
  readonly what: string;
  readonly stop: () => Promise<void> | void;
}

/** A service's context with the levers that only its runtime (and tests) may pull. */
export function createLifecycle(parts: {
  readonly name: string;
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onFailed: (error: unknown) => void;
}): Lifecycle {
  const { log } = parts;
  const stops = new Map<StopStage, Stop[]>(STOP_STAGES.map((stage) => [stage, []]));
  const probes = new Map<string, () => boolean | Promise<boolean>>();
  let serving = false;
  let stopped: Promise<void> | undefined;

  const readinessReport = async (): Promise<Readiness> => {
    const answers = await Promise.all([...probes].map(async ([what, probe]) => [what, await answerOf(probe)] as const));
    const all = Object.fromEntries([['serving', serving], ...answers]);
    return { ready: Object.values(all).every(Boolean), probes: all };
  };
  const onStop: ServiceContext['onStop'] = (stage, what, stop) => void stops.get(stage)?.push({ what, stop });
  const context: ServiceContext = {
    ...parts,
    onStop,
    readiness: (what, probe) => void probes.set(what, probe),
    isReady: async () => (await readinessReport()).ready,
    failed: parts.onFailed,
    every: (what, ms, run) => onStop('work', what, repeat(what, ms, run, log)),
  };
  const drain = async () => {
    serving = false;
    for (const stage of STOP_STAGES) await stopStage(stage, stops.get(stage) ?? [], log);
  };
  return {
    context,
    readinessReport,
    started: () => void (serving = stopped === undefined),
    stop: () => (stopped ??= drain()),
    stopping: () => stopped !== undefined,
  };
}

async function answerOf(probe: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return (await withTimeout(Promise.resolve(probe()), PROBE_TIMEOUT_MS)) === true;
  } catch {
    // A probe that fails is an answer: not ready.
    return false;
  }
}

/** Starts the loop and returns what ends it. */
function repeat(what: string, ms: number, run: () => Promise<void> | void, log: Logger): () => Promise<void> {
  let ended = false;
  let running: Promise<void> = Promise.resolve();
  const once = async () => {
    try {
      await run();
    } catch (error) {
      timerFaults.add({ what });
      log.error({ err: error, what }, 'repeating work failed; it runs again');
    }
    if (!ended) timer = setTimeout(start, ms);
  };
  const start = () => void (running = once());
  let timer = setTimeout(start, ms);
  return () => {
    ended = true;
    clearTimeout(timer);
    return running;
  };
}

/** One after the other; half of the time left is for each, so that one that hangs does not keep the next from beginning. */
async function stopStage(stage: StopStage, stops: readonly Stop[], log: Logger): Promise<void> {
  if (stops.length === 0) return;
  const begin = performance.now();
  const left = () => begin + STAGES_MS[stage] - performance.now();
  const unfinished = new Map<string, Promise<unknown>>();
  for (const { what, stop } of [...stops].reverse()) {
    const stopped = Promise.resolve()
      .then(stop)
      .catch((error: unknown) => log.error({ err: error, stage, what }, 'stopping failed'))
      .then(() => unfinished.delete(what));
    unfinished.set(what, stopped);
    await withTimeout(stopped, left() / 2);
  }
  await withTimeout(Promise.all(unfinished.values()), left());
  const took = { stage, ms: Math.round(performance.now() - begin) };
  if (unfinished.size === 0) log.info(took, 'stopped');
  else log.warn({ ...took, unfinished: [...unfinished.keys()] }, 'stopping took too long; going on');
}

/** The value, or undefined after `ms`. */
async function withTimeout<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
