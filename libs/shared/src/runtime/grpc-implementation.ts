import type { Metadata } from '@grpc/grpc-js';
import type { MethodDefinition, RequestOf, ResponseOf, ServiceDefinition } from './grpc-definition.ts';

/** What a handler knows of its call. */
export interface CallContext {
  /** Name of the caller, already admitted to this method. */
  readonly caller: string;
  /** Who in person, as far as the certificate says: `operator/alice`; the caller's name when it says no more. */
  readonly actor: string;
  /** Aborts when the caller has gone, the time is up or the server drains. */
  readonly signal: AbortSignal;
  /** Milliseconds that the handler has, from its start; calls that it makes get no more than what is left of them. */
  readonly deadlineMs: number;
}

type Handler<M extends MethodDefinition> = M['requestStream'] extends true
  ? never
  : M['responseStream'] extends true
    ? (request: RequestOf<M>, call: CallContext) => AsyncIterable<ResponseOf<M>>
    : (request: RequestOf<M>, call: CallContext) => Promise<ResponseOf<M>>;

/** One handler per method: unary gives a promise, server streaming an async iterable. */
export type Handlers<S extends ServiceDefinition> = { readonly [K in keyof S]: Handler<S[K]> };

type AnyHandler = (request: unknown, call: CallContext) => Promise<unknown> | AsyncIterable<unknown>;

export interface Implementation {
  readonly methods: readonly { readonly definition: MethodDefinition; readonly handler: AnyHandler }[];
  readonly authorize: ((metadata: Metadata) => void) | undefined;
}

/**
 * A service with its handlers. Refusals are thrown as `GrpcFault`.
 * @param options `authorize` sees the metadata of each call first and refuses by throwing `GrpcFault` or
 * `GrpcStatusFault`.
 */
export function implement<S extends ServiceDefinition>(
  service: S,
  handlers: Handlers<S>,
  options: { readonly authorize?: (metadata: Metadata) => void } = {},
): Implementation {
  const methods = Object.entries(service).map(([name, definition]) => ({
    definition,
    handler: handlers[name] as AnyHandler,
  }));
  return { methods, authorize: options.authorize };
}
