import { trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, pino } from 'pino';
import { redacted } from './redaction.ts';

export type { Logger } from 'pino';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * JSON lines on standard output (or `destination`): level, time, service, instance, message, and the ids of the active
 * span. Secrets are left out (see `redacted`).
 */
export function createLogger(
  options: { readonly service: string; readonly instance: string; readonly level: LogLevel },
  destination?: DestinationStream,
): Logger {
  const settings = {
    level: options.level,
    base: { service: options.service, instance: options.instance },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }), log: redacted },
    serializers: { err: (alreadyPlain: unknown) => alreadyPlain },
    mixin: activeIds,
  };
  // Not pino's own destination, which may write lines out of order when a fatal one meets a busy pipe.
  return pino(settings, destination ?? process.stdout);
}

function activeIds(): object {
  const ids = trace.getActiveSpan()?.spanContext();
  return ids ? { trace_id: ids.traceId, span_id: ids.spanId } : {};
}
