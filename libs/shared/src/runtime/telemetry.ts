import {
  type Attributes,
  type Context,
  context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { parseTraceParent, TraceState } from '@opentelemetry/core';
import { tracer } from './tracing.ts';

export type { Span } from '@opentelemetry/api';

/** A W3C trace context as plain text, the way documents and message headers carry it. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

export interface SpanOptions {
  readonly kind?: keyof typeof KINDS;
  /** Instead of the active span. */
  readonly parent?: TraceContext | undefined;
  readonly links?: readonly (TraceContext | undefined)[];
  /** No secrets and no ids that are bearer secrets. */
  readonly attributes?: Attributes;
  /** Unix ms; now when left out. */
  readonly startMs?: number;
}

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;
const FAULT_TEXT_MAX = 256;

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

/**
 * Runs `run` inside a span; without `parent` the active span is the parent. A fault marks the span and is thrown on.
 *
 * This is the whole instrumentation: no published one knows JetStream, the ones for ESM need a loader hook and are
 * silent without it, and the one for gRPC costs 50 µs a call even when nothing is sampled. Under a parent that is not
 * sampled no span is made at all.
 */
export async function inSpan<T>(name: string, options: SpanOptions, run: (span: Span) => Promise<T>): Promise<T> {
  const open = openSpan(name, options);
  try {
    const value = await open.within(() => run(open.span));
    open.end();
    return value;
  } catch (error) {
    open.end(error);
    throw error;
  }
}

/** A span whose end is not the end of one function, such as that of a stream. */
export interface OpenSpan {
  readonly span: Span;
  readonly trace: TraceContext | undefined;
  within<T>(run: () => T): T;
  /** @param fault marks the span. */
  end(fault?: unknown): void;
}

export function openSpan(name: string, options: SpanOptions): OpenSpan {
  const active = options.parent === undefined ? trace.getActiveSpan() : undefined;
  if (active !== undefined && isUnsampled(active.spanContext())) return unrecorded(active);
  const parent = parentContext(options.parent);
  const span = startSpan(name, options, parent);
  const inside = trace.setSpan(parent, span);
  return {
    span,
    trace: traceOf(span),
    within: (run) => context.with(inside, run),
    end: (fault) => {
      if (fault !== undefined) recordFault(span, fault);
      span.end();
    },
  };
}

/** Below a span that is not sampled there is nothing to record, and its context stays the active one. */
function unrecorded(span: Span): OpenSpan {
  return {
    span,
    get trace() {
      return traceOf(span);
    },
    within: (run) => run(),
    end: () => undefined,
  };
}

function isUnsampled(above: SpanContext): boolean {
  return (above.traceFlags & TraceFlags.SAMPLED) === 0 && trace.isSpanContextValid(above);
}

/** A span of the past, from `startMs` to `endMs` (Unix ms). Returns its context, to be the parent of others. */
export function recordSpan(
  name: string,
  options: SpanOptions & { readonly startMs: number; readonly endMs: number },
): TraceContext {
  const span = startSpan(name, options, parentContext(options.parent));
  span.end(options.endMs);
  return textOf(span);
}

/** The context of the active span. */
export function currentTrace(): TraceContext | undefined {
  return traceOf(trace.getActiveSpan());
}

/** 32 hex digits; empty when there is no trace. */
export function traceIdOf(context: TraceContext | undefined): string {
  return (context && parseTraceParent(context.traceparent)?.traceId) ?? '';
}

/** The head's decision, which travels in the flag. */
export function isSampled(context: TraceContext | undefined): boolean {
  const parsed = context && parseTraceParent(context.traceparent);
  return !!parsed && (parsed.traceFlags & TraceFlags.SAMPLED) !== 0;
}

function startSpan(name: string, options: SpanOptions, parent: Context): Span {
  const above = trace.getSpan(parent)?.spanContext();
  if (above !== undefined && isUnsampled(above)) return trace.wrapSpanContext(above);
  return tracer().startSpan(
    name,
    {
      kind: KINDS[options.kind ?? 'internal'],
      links: linksOf(options.links),
      ...(options.attributes && { attributes: options.attributes }),
      ...(options.startMs !== undefined && { startTime: options.startMs }),
    },
    parent,
  );
}

function parentContext(parent: TraceContext | undefined): Context {
  if (parent === undefined) return context.active();
  const remote = remoteOf(parent);
  // An unreadable parent begins a new trace; it never hides under whatever span happens to be active.
  return remote ? trace.setSpanContext(ROOT_CONTEXT, remote) : ROOT_CONTEXT;
}

function remoteOf(parent: TraceContext) {
  const parsed = parseTraceParent(parent.traceparent);
  if (!parsed) return undefined;
  const state = parent.tracestate ? { traceState: new TraceState(parent.tracestate) } : {};
  return { ...parsed, ...state, isRemote: true };
}

function linksOf(links: SpanOptions['links']): Link[] {
  return (links ?? []).flatMap((link) => {
    const remote = link && remoteOf(link);
    return remote ? [{ context: remote }] : [];
  });
}

function traceOf(span: Span | undefined): TraceContext | undefined {
  return span && trace.isSpanContextValid(span.spanContext()) ? textOf(span) : undefined;
}

function textOf(span: Span): TraceContext {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  const tracestate = traceState?.serialize();
  return tracestate ? { traceparent, tracestate } : { traceparent };
}

function recordFault(span: Span, fault: unknown): void {
  if (!span.isRecording()) return;
  const { name, message } = fault instanceof Error ? fault : { name: 'Fault', message: String(fault) };
  // Without the stack: it repeats what the log line of the same trace says.
  span.recordException({ name, message: message.slice(0, FAULT_TEXT_MAX) });
  span.setStatus({ code: SpanStatusCode.ERROR, message: name });
}
