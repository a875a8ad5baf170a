import { Client, type ClientReadableStream, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { dueAfter } from './grpc-deadline.ts';
import {
  MESSAGE_BYTES_MAX,
  type MethodDefinition,
  nameOf,
  type RequestOf,
  type ResponseOf,
  type ServiceDefinition,
} from './grpc-definition.ts';
import { GrpcCallError, reasonIn, STATUS_NAMES } from './grpc-status.ts';
import type { Logger } from './log.ts';
import { counter, histogram } from './metrics.ts';
import { type OpenSpan, openSpan, type TraceContext } from './telemetry.ts';
import { clientTls, type TlsFiles } from './tls.ts';

export { GrpcCallError } from './grpc-status.ts';

const calls = counter('assay_grpc_client_calls_total', 'gRPC calls made', { method: 'open', code: STATUS_NAMES });
const durations = histogram(
  'assay_grpc_client_call_duration_seconds',
  'Time until a gRPC call was answered, of a stream until its end',
  { method: 'open' },
  [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
);

const CLIENT_OPTIONS = {
  'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
  'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  // A peer that comes back under another address is found as soon.
  'grpc.dns_min_time_between_resolutions_ms': 2_000,
  // All replicas behind a headless name are used.
  'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
};

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Instead of the client's. */
  readonly deadlineMs?: number;
  /** Beside the client's. */
  readonly metadata?: Readonly<Record<string, string>>;
}

type Call<M extends MethodDefinition> = M['requestStream'] extends true
  ? never
  : M['responseStream'] extends true
    ? (request: RequestOf<M>, options?: CallOptions) => AsyncIterable<ResponseOf<M>>
    : (request: RequestOf<M>, options?: CallOptions) => Promise<ResponseOf<M>>;

export type PromisedClient<S extends ServiceDefinition> = { readonly [K in keyof S]: Call<S[K]> } & {
  /** Cancels what is under way. */
  close(): void;
};

export interface ClientOptions {
  /** `host:port`, `dns:///host:port`, or either behind `http://`. */
  readonly url: string;
  /** Of each call, in ms; a call made while answering another gets no more than that one has left. */
  readonly deadlineMs: number;
  readonly tls?: TlsFiles | undefined;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly log?: Logger;
}

interface Calling {
  readonly client: Client;
  readonly options: ClientOptions;
}

/**
 * A client of one service. It connects with the first call and again after each loss; a call waits for the connection until
 * its deadline, so that a restart of the peer is not seen. (A call that was sent when the connection broke is not
 * repeated.) Each call is a span, whose context goes along. Streams end early by leaving the loop over them.
 * Every failure is a `GrpcCallError` with the status name and our reason.
 */
export function grpcClient<S extends ServiceDefinition>(service: S, options: ClientOptions): PromisedClient<S> {
  const channel = options.tls ? clientTls(options.tls, options.log) : credentials.createInsecure();
  const client = new Client(options.url.replace(/^[a-z]+:\/\/(?=[^/])/, ''), channel, CLIENT_OPTIONS);
  const calling = { client, options };
  const methods = Object.entries(service).map(([name, definition]) => {
    const call = definition.responseStream ? streamCall(calling, definition) : unaryCall(calling, definition);
    return [name, call] as const;
  });
  return { ...Object.fromEntries(methods), close: () => client.close() } as PromisedClient<S>;
}

function unaryCall(calling: Calling, definition: MethodDefinition) {
  return async (request: unknown, options: CallOptions = {}): Promise<unknown> => {
    const made = begin(definition);
    let abort = () => {};
    try {
      options.signal?.throwIfAborted();
      const { metadata, deadline } = headersOf(calling, options, made.span.trace);
      const response = await new Promise((resolve, reject) => {
        const sent = calling.client.makeUnaryRequest(
          definition.path,
          definition.requestSerialize as Serialize,
          definition.responseDeserialize,
          request,
          metadata,
          { deadline },
          (error, value) => (error ? reject(error) : resolve(value)),
        );
        abort = () => sent.cancel();
        options.signal?.addEventListener('abort', abort, { once: true });
      });
      made.end();
      return response;
    } catch (error) {
      throw made.failed(error);
    } finally {
      options.signal?.removeEventListener('abort', abort);
    }
  };
}

function streamCall(calling: Calling, definition: MethodDefinition) {
  return async function* (request: unknown, options: CallOptions = {}): AsyncGenerator<unknown> {
    const made = begin(definition);
    let received: ClientReadableStream<unknown> | undefined;
    const abort = () => received?.cancel();
    try {
      options.signal?.throwIfAborted();
      const { metadata, deadline } = headersOf(calling, options, made.span.trace);
      received = calling.client.makeServerStreamRequest(
        definition.path,
        definition.requestSerialize as Serialize,
        definition.responseDeserialize,
        request,
        metadata,
        { deadline },
      );
      // The loop below hears of faults by itself; this one is for those after it was left.
      received.on('error', () => undefined);
      options.signal?.addEventListener('abort', abort, { once: true });
      yield* received;
    } catch (error) {
      throw made.failed(error);
    } finally {
      options.signal?.removeEventListener('abort', abort);
      abort();
      made.end();
    }
  };
}

type Serialize = (value: unknown) => Buffer;

/** A call under way. The first of its ends counts. */
interface Made {
  readonly span: OpenSpan;
  end(): void;
  /** Returns what `fault` is for the caller. */
  failed(fault: unknown): GrpcCallError;
}

function begin(definition: MethodDefinition): Made {
  const method = nameOf(definition);
  const span = openSpan(method, { kind: 'client', attributes: { 'rpc.system.name': 'grpc', 'rpc.method': method } });
  const at = performance.now();
  let ended = false;
  const end = (error?: GrpcCallError) => {
    if (ended) return;
    ended = true;
    const code = error?.code ?? 'OK';
    calls.add({ method, code });
    durations.observe({ method }, (performance.now() - at) / 1_000);
    span.span.setAttribute('rpc.response.status_code', code);
    span.end(error);
  };
  return {
    span,
    end,
    failed: (fault) => {
      const error = callErrorOf(method, fault);
      end(error);
      return error;
    },
  };
}

function headersOf(calling: Calling, options: CallOptions, trace: TraceContext | undefined) {
  const metadata = new Metadata({ waitForReady: true });
  const given = { ...calling.options.metadata, ...options.metadata };
  for (const [name, value] of Object.entries(given)) metadata.set(name, value);
  if (trace) metadata.set('traceparent', trace.traceparent);
  if (trace?.tracestate) metadata.set('tracestate', trace.tracestate);
  return { metadata, deadline: dueAfter(options.deadlineMs ?? calling.options.deadlineMs) };
}

function callErrorOf(method: string, fault: unknown): GrpcCallError {
  if (isServiceError(fault)) {
    const code = STATUS_NAMES.find((name) => status[name] === fault.code) ?? 'UNKNOWN';
    return new GrpcCallError(code, reasonIn(fault.metadata), `${method}: ${code} ${fault.details}`, fault);
  }
  const cancelled = fault instanceof Error && fault.name === 'AbortError';
  return new GrpcCallError(cancelled ? 'CANCELLED' : 'UNKNOWN', '', `${method}: ${String(fault)}`, fault);
}

function isServiceError(fault: unknown): fault is ServiceError {
  return fault instanceof Error && 'code' in fault && typeof fault.code === 'number' && 'details' in fault;
}
