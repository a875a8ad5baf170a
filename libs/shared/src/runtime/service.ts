import { uuidv7 } from 'uuidv7';
import { stackOf } from '../kernel/fault-text.ts';
import { systemClock } from './clock.ts';
import { type ConfigDefinition, ConfigError, metricsPortOf, type SharedConfig } from './config.ts';
import { startHttpHealth } from './http-health.ts';
import { createLogger, type Logger } from './log.ts';
import { createLifecycle, type Lifecycle, type ServiceContext } from './service-context.ts';
import { StartError } from './start-error.ts';
import { startTracing } from './tracing.ts';

export type { ServiceContext, StopStage } from './service-context.ts';

interface Service<Config extends SharedConfig> {
  /** `pool` */
  readonly name: string;
  readonly config: ConfigDefinition<Config>;
  /** Metrics and plaintext health stand 1000 above. */
  readonly grpcPort: (config: Config) => number;
  /** Wires the service; what it starts it registers with `context.onStop`. */
  readonly start: (context: ServiceContext, config: Config) => Promise<void>;
}

/**
 * Runs a service until a signal or a fault ends the process. SIGTERM and SIGINT drain and exit 0, a second one exits at
 * once. A start that fails drains what it had begun, says what, why and what to do on standard error, and exits 1;
 * uncaught faults exit 1.
 */
export async function runService<Config extends SharedConfig>(service: Service<Config>): Promise<void> {
  const began: { lifecycle?: Lifecycle } = {};
  try {
    const config = service.config.load();
    await start(service, config, (began.lifecycle = lifecycleOf(service.name, config)));
  } catch (error) {
    // What is stopped in the middle of its start fails for that reason.
    if (began.lifecycle?.stopping() === true) return;
    await began.lifecycle?.stop();
    // Last, where people look first.
    process.stderr.write(`${explain(service.name, error)}\n`);
    process.exit(1);
  }
}

function lifecycleOf(name: string, config: SharedConfig): Lifecycle {
  const instance = `${name}-${uuidv7()}`;
  const log = createLogger({ service: name, instance, level: config.LOG_LEVEL });
  const lifecycle = createLifecycle({
    name,
    instance,
    clock: systemClock,
    log,
    onFailed: (error) => {
      log.fatal({ err: error }, 'the service cannot go on');
      void exitAfterDrain(lifecycle, 1);
    },
  });
  obeySignals(lifecycle, log);
  dieOfUncaughtFaults(log);
  return lifecycle;
}

async function start<Config extends SharedConfig>(
  service: Service<Config>,
  config: Config,
  lifecycle: Lifecycle,
): Promise<void> {
  const { context } = lifecycle;
  const { instance, log } = context;
  const tracing = startTracing({
    service: service.name,
    instance,
    networkId: config.ASSAY_NETWORK_ID,
    endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
    ratio: config.OTEL_TRACES_SAMPLER_ARG,
    log,
  });
  context.onStop('telemetry', 'spans', tracing.stop);
  await startHttpHealth(context, {
    host: config.ASSAY_LISTEN_HOST,
    port: metricsPortOf(service.grpcPort(config)),
    report: lifecycle.readinessReport,
  });
  await service.start(context, config);
  lifecycle.started();
  log.info('started');
}

function obeySignals(lifecycle: Lifecycle, log: Logger): void {
  let asked = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (asked) process.exit(1);
      asked = true;
      log.info({ signal }, 'draining; a second signal exits at once');
      void exitAfterDrain(lifecycle, 0);
    });
  }
}

function dieOfUncaughtFaults(log: Logger): void {
  const die = (error: unknown) => {
    log.fatal({ err: error }, 'uncaught fault');
    process.exit(1);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
}

async function exitAfterDrain(lifecycle: Lifecycle, code: number): Promise<never> {
  await lifecycle.stop();
  process.exit(code);
}

function explain(name: string, error: unknown): string {
  const fault = startErrorOf(error);
  return [`${name} did not start: ${fault.what}`, `  why: ${fault.why}`, `  do:  ${fault.remedy}`].join('\n');
}

function startErrorOf(error: unknown): StartError {
  if (error instanceof StartError) return error;
  if (error instanceof ConfigError) {
    const why = `\n    ${error.faults.join('\n    ')}`;
    return new StartError({ what: 'its configuration has faults', why, remedy: 'set these environment variables' });
  }
  const why = stackOf(error);
  return new StartError({
    what: 'an unforeseen fault',
    why,
    remedy: 'mend the cause that is named above and start again',
  });
}
