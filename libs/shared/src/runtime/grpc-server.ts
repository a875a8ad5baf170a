import { Server, ServerCredentials } from '@grpc/grpc-js';
import { answerStream, answerUnary, type Answering } from './grpc-call.ts';
import { unlisted } from './grpc-callers.ts';
import { MESSAGE_BYTES_MAX } from './grpc-definition.ts';
import { addHealth } from './grpc-health.ts';
import type { Implementation } from './grpc-implementation.ts';
import { GrpcStatusFault } from './grpc-status.ts';
import type { SharedConfig } from './config.ts';
import { addReflection } from './reflection.ts';
import type { ServiceContext } from './service-context.ts';
import { StartError } from './start-error.ts';
import { serverTls, type TlsFiles, tlsFilesOf } from './tls.ts';

export { GrpcFault, GrpcStatusFault } from './grpc-status.ts';
export { type CallContext, type Handlers, implement, type Implementation } from './grpc-implementation.ts';

const IDLE_POLL_MS = 20;
const DRAIN_MS = 8_000;
const FLUSH_MS = 250;

const SERVER_OPTIONS = {
  'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
  'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
  'grpc.max_concurrent_streams': 1_000,
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 20_000,
  'grpc.max_connection_age_ms': 30 * 60_000,
  'grpc.max_connection_age_grace_ms': 5 * 60_000,
};

export interface GrpcServing {
  readonly tls?: TlsFiles | undefined;
  /** Address to listen on; every address when left out. */
  readonly host?: string | undefined;
  /** Development: without TLS a caller is who it says it is (see `admit`). */
  readonly allowUnauthenticated: boolean;
  /** As `allowUnauthenticated` when left out. */
  readonly reflection?: boolean | undefined;
}

/** How the shared configuration has gRPC served: with mutual TLS, or in development and tests without. */
export function grpcServing(config: SharedConfig): GrpcServing {
  return {
    tls: tlsFilesOf(config),
    host: config.ASSAY_LISTEN_HOST,
    allowUnauthenticated: config.NODE_ENV !== 'production',
    reflection: config.ASSAY_GRPC_REFLECTION,
  };
}

/**
 * Serves the implementations, `grpc.health.v1` (of the service's readiness) and, if wanted, reflection. Drains at stage
 * `grpc`: calls under way end, streams are told to. Port 0 takes a free one; returns the port.
 * @throws StartError when a method has no list of callers, there is no TLS where it is needed, or the port is taken
 */
export async function startGrpcServer(
  context: ServiceContext,
  options: GrpcServing & { readonly port: number; readonly implementations: readonly Implementation[] },
): Promise<number> {
  const methods = options.implementations.flatMap(({ methods: all, authorize }) =>
    all.map((method) => ({ ...method, authorize })),
  );
  requireCallers(methods.map(({ definition }) => definition.path));
  const credentials = credentialsOf(context, options);
  const server = new Server(SERVER_OPTIONS);
  const running: Answering['running'] = new Set();
  const answering = { context, allowUnauthenticated: options.allowUnauthenticated, running };
  for (const method of methods) {
    const { path, requestDeserialize, responseSerialize, responseStream } = method.definition;
    const serialize = responseSerialize as (value: unknown) => Buffer;
    if (responseStream)
      server.register(path, answerStream(answering, method), serialize, requestDeserialize, 'serverStream');
    else server.register(path, answerUnary(answering, method), serialize, requestDeserialize, 'unary');
  }
  const services = [...new Set(methods.map(({ definition }) => definition.path.split('/')[1] ?? ''))];
  await addHealth(context, server, services);
  if (options.reflection ?? options.allowUnauthenticated) addReflection(server, services);
  const port = await bind(server, `${options.host ?? '0.0.0.0'}:${options.port}`, credentials);
  context.onStop('grpc', `gRPC on ${port}`, () => drain(server, running));
  context.log.info({ port, services, tls: options.tls !== undefined }, 'gRPC is served');
  return port;
}

function requireCallers(paths: readonly string[]): void {
  const missing = unlisted(paths);
  if (missing.length === 0) return;
  throw new StartError({
    what: 'gRPC methods without a list of callers',
    why: missing.join(', '),
    remedy: 'say in libs/proto/src/callers.ts who may call them',
  });
}

function credentialsOf(context: ServiceContext, options: GrpcServing): ServerCredentials {
  if (options.tls !== undefined) return serverTls(options.tls, context.log);
  if (options.allowUnauthenticated) return ServerCredentials.createInsecure();
  throw new StartError({
    what: 'gRPC has no TLS',
    why: 'in production callers are known by their certificates',
    remedy: 'set TLS_CERT_FILE, TLS_KEY_FILE and TLS_CA_FILE, or NODE_ENV=development',
  });
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) => {
      if (error === null) return resolve(bound);
      const remedy = 'end the process that holds it, or configure another port';
      reject(new StartError({ what: `${address} for gRPC cannot be opened`, why: error.message, remedy }, error));
    });
  });
}

/** Takes no new calls, ends streams, waits for the calls under way, and then cuts what holds connections open. */
async function drain(server: Server, running: Answering['running']): Promise<void> {
  let closed = false;
  server.tryShutdown(() => void (closed = true));
  for (const call of running)
    if (call.streaming) call.abort(new GrpcStatusFault('UNAVAILABLE', 'the server is stopping'));
  await until(() => running.size === 0, DRAIN_MS);
  await until(() => closed, FLUSH_MS);
  server.forceShutdown();
}

async function until(condition: () => boolean, ms: number): Promise<void> {
  const giveUpAt = performance.now() + ms;
  while (!condition() && performance.now() < giveUpAt) {
    await new Promise((resolve) => setTimeout(resolve, IDLE_POLL_MS));
  }
}
