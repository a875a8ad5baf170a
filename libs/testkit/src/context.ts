import type { Clock } from '@assay/shared/kernel/clock';
import { systemClock } from '@assay/shared/runtime/clock';
import { createLogger } from '@assay/shared/runtime/log';
import type { ServiceContext } from '@assay/shared/runtime/service';
import { createLifecycle } from '@assay/shared/runtime/service-context';
import { randomBytes } from 'node:crypto';

export type TestContext = ServiceContext & {
  /** Drains as a service does, stage by stage. Throws the fault of `failed`, if there was one. */
  stop(): Promise<void>;
};

/**
 * What `runService` gives to a service, for a test: quiet, without signals and ports.
 * @param options.clock the wall clock when left out; repeating timers always run in real time.
 */
export function testContext(options: { name?: string; clock?: Clock } = {}): TestContext {
  const name = options.name ?? 'test';
  const instance = `${name}-${randomBytes(4).toString('hex')}`;
  const faults: unknown[] = [];
  const lifecycle = createLifecycle({
    name,
    instance,
    clock: options.clock ?? systemClock,
    log: createLogger({ service: name, instance, level: 'silent' }),
    onFailed: (error) => void faults.push(error),
  });
  lifecycle.started();
  return {
    ...lifecycle.context,
    stop: async () => {
      await lifecycle.stop();
      if (faults.length > 0) throw faults[0];
    },
  };
}
