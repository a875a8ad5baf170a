import { diag, DiagLogLevel, type Tracer } from '@opentelemetry/api';
import { setGlobalErrorHandler } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Logger } from './log.ts';
import { counter } from './metrics.ts';

const QUEUE_SPANS_MAX = 16_384;
const EXPORT_SPANS_MAX = 1_024;
const EXPORT_DELAY_MS = 1_000;
const EXPORT_TIMEOUT_MS = 10_000;
const FAULT_LOG_INTERVAL_MS = 60_000;

const exportFaults = counter('assay_telemetry_export_faults_total', 'Span exports that the collector did not take', {});

// Without an exporter traces still have ids, for logs and documents, but nothing is recorded.
let current: Tracer = new TracerProvider({
  sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }),
}).getTracer('assay');

/** The tracer in force. */
export function tracer(): Tracer {
  return current;
}

interface TracingOptions {
  readonly service: string;
  readonly instance: string;
  /** Name of the deployment. */
  readonly networkId?: string;
  /** Base URL of an OTLP/HTTP collector; without one nothing is exported. */
  readonly endpoint?: string | undefined;
  /** Share of new traces that are recorded, 0…1. A trace from elsewhere keeps the decision in its flag. */
  readonly ratio: number;
  readonly log: Logger;
  readonly exporter?: SpanExporter;
}

/** Starts recording spans. `stop` exports what is queued. */
export function startTracing(options: TracingOptions): { stop(): Promise<void> } {
  const exporter = options.exporter ?? exporterFor(options.endpoint);
  if (exporter === undefined) return { stop: () => Promise.resolve() };
  listenToFaults(options.log);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.namespace': 'assay',
      'service.name': options.service,
      'service.instance.id': options.instance,
      ...(options.networkId === undefined ? {} : { 'deployment.environment.name': options.networkId }),
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.ratio) }),
    spanLimits: { attributeValueLengthLimit: 1_024, attributeCountLimit: 64, linkCountLimit: 256 },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: QUEUE_SPANS_MAX,
        maxExportBatchSize: EXPORT_SPANS_MAX,
        scheduledDelayMillis: EXPORT_DELAY_MS,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  });
  current = provider.getTracer('assay');
  return { stop: () => provider.shutdown() };
}

function exporterFor(endpoint: string | undefined): SpanExporter | undefined {
  if (endpoint === undefined) return undefined;
  return new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces`, timeoutMillis: EXPORT_TIMEOUT_MS });
}

function listenToFaults(log: Logger): void {
  let quietUntil = 0;
  setGlobalErrorHandler((fault) => {
    exportFaults.add({});
    if (Date.now() < quietUntil) return;
    quietUntil = Date.now() + FAULT_LOG_INTERVAL_MS;
    log.warn({ err: fault }, 'spans could not be exported');
  });
  const drop = () => undefined;
  diag.setLogger(
    { error: drop, warn: (message) => log.warn(message), info: drop, debug: drop, verbose: drop },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
