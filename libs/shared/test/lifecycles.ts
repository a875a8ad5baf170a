import { systemClock } from '@assay/shared/runtime/clock';
import { createLogger } from '@assay/shared/runtime/log';
import { createLifecycle, type Lifecycle } from '@assay/shared/runtime/service-context';

/** A started, silent service whose drain the test decides. */
export function startedLifecycle(name = 'test'): Lifecycle {
  const instance = `${name}-1`;
  const log = createLogger({ service: name, instance, level: 'silent' });
  const lifecycle = createLifecycle({ name, instance, clock: systemClock, log, onFailed: () => undefined });
  lifecycle.started();
  return lifecycle;
}
