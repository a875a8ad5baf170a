import { trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

/** Fields that never reach a log: spendable or signing material, and what opens doors. */
const SECRET_FIELDS = [
  'secret',
  'secrets',
  'proof',
  'proofs',
  'inputs',
  'witness',
  'token',
  'tokens',
  'preimage',
  'privateKey',
  'private_key',
  'masterSecret',
  'password',
  'authorization',
  'cookie',
  'credentials',
  'MONGODB_URI',
  'NATS_URL',
];
const REDACTED_DEPTH = 4;

/**
 * JSON lines on standard output (or `destination`): level, time, service, instance, message, and the ids of the active
 * span. Values of secret fields are replaced down to four levels.
 */
export function createLogger(
  options: { readonly service: string; readonly instance: string; readonly level: LogLevel },
  destination?: DestinationStream,
): Logger {
  const settings = {
    level: options.level,
    base: { service: options.service, instance: options.instance },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
    redact: { paths: secretPaths(), censor: '[redacted]' },
    mixin: activeIds,
  };
  // Not pino's own destination, which may write lines out of order when a fatal one meets a busy pipe.
  return pino(settings, destination ?? process.stdout);
}

function secretPaths(): string[] {
  return SECRET_FIELDS.flatMap((field) =>
    Array.from({ length: REDACTED_DEPTH }, (_, depth) => `${'*.'.repeat(depth)}${field}`),
  );
}

function activeIds(): object {
  const ids = trace.getActiveSpan()?.spanContext();
  return ids ? { trace_id: ids.traceId, span_id: ids.spanId } : {};
}
