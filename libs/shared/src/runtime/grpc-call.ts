import { SpanStatusCode } from '@opentelemetry/api';
import { type Metadata, type sendUnaryData, type ServerUnaryCall, type ServerWritableStream } from '@grpc/grpc-js';
import { actorOf, admit } from './grpc-callers.ts';
import { shaved, withinDeadline } from './grpc-deadline.ts';
import { nameOf } from './grpc-definition.ts';
import type { CallContext, Implementation } from './grpc-implementation.ts';
import { GrpcStatusFault, STATUS_NAMES, type WireStatus, wireStatusOf } from './grpc-status.ts';
import { counter, histogram } from './metrics.ts';
import type { ServiceContext } from './service-context.ts';
import { inSpan, type TraceContext } from './telemetry.ts';

const UNARY_MS_DEFAULT = 30_000;
const TIMER_MS_MAX = 2 ** 31 - 1;

const calls = counter('assay_grpc_server_calls_total', 'Answered gRPC calls', { method: 'open', code: STATUS_NAMES });
const durations = histogram(
  'assay_grpc_server_call_duration_seconds',
  'Time to answer a gRPC call, of a stream until its end',
  { method: 'open' },
  [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
);

type ServerCall = ServerUnaryCall<unknown, unknown> | ServerWritableStream<unknown, unknown>;
type Method = Implementation['methods'][number] & Pick<Implementation, 'authorize'>;

/** How calls are answered on one server. */
export interface Answering {
  readonly context: ServiceContext;
  readonly allowUnauthenticated: boolean;
  /** Calls under way. */
  readonly running: Set<RunningCall>;
}

interface RunningCall {
  readonly streaming: boolean;
  abort(reason: Error): void;
}

export function answerUnary(answering: Answering, method: Method) {
  return (call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>): void => {
    const act = async (context: CallContext) => {
      const response = method.handler(call.request, context) as Promise<unknown>;
      callback(null, await orAborted(context.signal, response));
    };
    void answer(answering, method, call, act).then((failure) => failure && callback(statusOf(failure)));
  };
}

export function answerStream(answering: Answering, method: Method) {
  return (call: ServerWritableStream<unknown, unknown>): void => {
    const act = async (context: CallContext) => {
      const messages = method.handler(call.request, context) as AsyncIterable<unknown>;
      await writeAll(call, messages, context.signal);
      call.end();
    };
    void answer(answering, method, call, act).then((failure) => failure && call.emit('error', statusOf(failure)));
  };
}

/** Runs `act` as the answer to `call`. Returns what the caller is to be told when it failed; never rejects. */
async function answer(
  answering: Answering,
  method: Method,
  call: ServerCall,
  act: (context: CallContext) => Promise<void>,
): Promise<WireStatus | undefined> {
  const name = nameOf(method.definition);
  const begin = performance.now();
  const attributes = { 'rpc.system.name': 'grpc', 'rpc.method': name };
  const options = { kind: 'server', parent: traceIn(call.metadata), attributes } as const;
  return inSpan(name, options, async (span) => {
    const failure = await failureOf(answering, method, call, act);
    const code = failure?.name ?? 'OK';
    calls.add({ method: name, code });
    durations.observe({ method: name }, (performance.now() - begin) / 1_000);
    span.setAttribute('rpc.response.status_code', code);
    if (failure?.unexpected) span.setStatus({ code: SpanStatusCode.ERROR, message: code });
    return failure;
  });
}

async function failureOf(
  answering: Answering,
  method: Method,
  call: ServerCall,
  act: (context: CallContext) => Promise<void>,
): Promise<WireStatus | undefined> {
  try {
    await runAdmitted(answering, method, call, act);
    return undefined;
  } catch (error) {
    const failure = wireStatusOf(error);
    if (failure.unexpected)
      answering.context.log.error({ err: error, method: method.definition.path }, 'a call failed');
    return failure;
  }
}

async function runAdmitted(
  answering: Answering,
  method: Method,
  call: ServerCall,
  act: (context: CallContext) => Promise<void>,
): Promise<void> {
  method.authorize?.(call.metadata);
  const peer = { certificate: call.getAuthContext().sslPeerCertificate, metadata: call.metadata };
  const caller = admit(method.definition.path, peer, answering.allowUnauthenticated);
  const actor = actorOf(caller, peer, answering.allowUnauthenticated);
  const streaming = method.definition.responseStream;
  const deadlineMs = timeFor(call, streaming);
  const aborter = new AbortController();
  const running = { streaming, abort: (reason: Error) => aborter.abort(reason) };
  const tooLate = () => running.abort(new GrpcStatusFault('DEADLINE_EXCEEDED', 'the time for this call is up'));
  const timer = deadlineMs < TIMER_MS_MAX ? setTimeout(tooLate, deadlineMs) : undefined;
  answering.running.add(running);
  // Calls that were answered end with this event too.
  call.once('cancelled', () => {
    if (answering.running.has(running)) running.abort(new GrpcStatusFault('CANCELLED', 'the caller has gone'));
  });
  try {
    await withinDeadline(Date.now() + deadlineMs, () => act({ caller, actor, signal: aborter.signal, deadlineMs }));
  } finally {
    clearTimeout(timer);
    answering.running.delete(running);
  }
}

/** Milliseconds for the handler. Without a deadline a unary call gets 30 s; a stream lives as long as its connection. */
function timeFor(call: ServerCall, streaming: boolean): number {
  const deadline = call.getDeadline();
  const dueAt = deadline instanceof Date ? deadline.getTime() : deadline;
  if (Number.isFinite(dueAt)) return shaved(dueAt - Date.now());
  return streaming ? Infinity : UNARY_MS_DEFAULT;
}

async function writeAll(
  call: ServerWritableStream<unknown, unknown>,
  messages: AsyncIterable<unknown>,
  signal: AbortSignal,
): Promise<void> {
  const iterator = messages[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await orAborted(signal, iterator.next());
      if (next.done) return;
      if (!call.write(next.value)) await orAborted(signal, drained(call));
    }
  } finally {
    // Not awaited: a handler that ignores its signal may never come back.
    Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

function drained(call: ServerWritableStream<unknown, unknown>): Promise<void> {
  return new Promise((resolve) => call.once('drain', resolve));
}

/** The value of `promise`, unless `signal` aborts first: then its reason is thrown. */
async function orAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  // Whichever loses must not end as an unhandled rejection.
  promise.catch(() => undefined);
  signal.throwIfAborted();
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function traceIn(metadata: Metadata): TraceContext | undefined {
  const [traceparent] = metadata.get('traceparent');
  const [tracestate] = metadata.get('tracestate');
  if (typeof traceparent !== 'string') return undefined;
  return typeof tracestate === 'string' ? { traceparent, tracestate } : { traceparent };
}

function statusOf({ code, details, metadata }: WireStatus) {
  return { code, details, metadata };
}
