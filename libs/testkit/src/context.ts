import type { Clock } from '@assay/shared/kernel/clock';
import { systemClock } from '@assay/shared/runtime/clock';
import { createLogger } from '@assay/shared/runtime/log';
import type { ServiceContext, StopStage } from '@assay/shared/runtime/service';
import { randomBytes } from 'node:crypto';

export interface TestContext extends ServiceContext {
  /** Runs what was registered for the stop, stage by stage. Throws the fault of `failed`, if there was one. */
  stop(): Promise<void>;
  /** Ends at once and releases nothing, as a crash does: timers stop, connections close, no drain. */
  crash(): Promise<void>;
}

const STAGES: readonly StopStage[] = ['edge', 'grpc', 'consumers', 'work', 'relay', 'nats', 'database', 'telemetry'];
const CONNECTIONS: readonly StopStage[] = ['nats', 'database', 'telemetry'];

type Stop = () => Promise<void> | void;

/**
 * What `runService` gives to a service, for a test: quiet, without signals and ports.
 * @param options.clock the wall clock when left out; repeating timers always run in real time.
 */
export function testContext(options: { name?: string; clock?: Clock } = {}): TestContext {
  const name = options.name ?? 'test';
  const instance = `${name}-${randomBytes(4).toString('hex')}`;
  const log = createLogger({ service: name, instance, level: 'silent' });
  const stops = new Map<StopStage, Stop[]>(STAGES.map((stage) => [stage, []]));
  const probes: (() => boolean | Promise<boolean>)[] = [];
  const faults: unknown[] = [];
  const onStop = (stage: StopStage, _what: string, stop: Stop) => void stops.get(stage)?.push(stop);
  const end = async (stages: readonly StopStage[]) => {
    for (const stage of stages) for (const stop of stops.get(stage)?.splice(0) ?? []) await stop();
  };
  return {
    name,
    instance,
    clock: options.clock ?? systemClock,
    log,
    onStop,
    readiness: (_what, probe) => void probes.push(probe),
    isReady: async () => (await Promise.all(probes.map((probe) => probe()))).every(Boolean),
    failed: (error) => void faults.push(error),
    every: (what, ms, run) => repeat(onStop, what, ms, run),
    stop: async () => {
      await end(STAGES);
      if (faults.length > 0) throw faults[0];
    },
    crash: () => end(CONNECTIONS),
  };
}

function repeat(onStop: ServiceContext['onStop'], what: string, ms: number, run: Stop): void {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= Promise.resolve(run())
      .catch(() => undefined)
      .finally(() => {
        running = undefined;
      });
  }, ms);
  onStop('work', what, async () => {
    clearInterval(timer);
    await running;
  });
}
