import { Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import { createServer as createHttpServer, type Server as HttpServer, type ServerResponse } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { addHealth } from './grpc-health.ts';
import { metricsText } from './metrics.ts';
import type { Readiness, ServiceContext } from './service-context.ts';
import { StartError } from './start-error.ts';

const CONNECTIONS_MAX = 64;
const SILENCE_MS = 5_000;
// HTTP/2 begins with a preface that no HTTP/1 method looks like.
const HTTP2_PREFACE = 'PRI ';

type Route = (response: ServerResponse) => Promise<void>;

/**
 * The plaintext port for probes and Prometheus. Over HTTP/1: `/livez`, `/readyz` (JSON that names each probe's answer;
 * 503 while one is false) and `/metrics`; over HTTP/2: `grpc.health.v1`, for native gRPC probes. It answers through the
 * whole drain. Port 0 takes a free one; returns the port.
 * @throws StartError when the port is taken
 */
export async function startHttpHealth(
  context: ServiceContext,
  options: { readonly port: number; readonly host: string; readonly report: () => Promise<Readiness> },
): Promise<number> {
  const http = httpServer(context, options.report);
  const grpc = new GrpcServer();
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
  await addHealth(context, grpc, []);
  const server = createServer((socket) => {
    whenFirstBytes(socket, (bytes) => {
      if (bytes.startsWith(HTTP2_PREFACE)) injector.injectConnection(socket);
      else http.emit('connection', socket.resume());
    });
  });
  server.maxConnections = CONNECTIONS_MAX;
  const port = await listen(server, options);
  context.onStop('telemetry', 'health and metrics', () => {
    server.close();
    http.closeAllConnections();
    grpc.forceShutdown();
  });
  context.log.info({ port }, 'health and metrics are served');
  return port;
}

function httpServer(context: ServiceContext, report: () => Promise<Readiness>): HttpServer {
  const routes: Readonly<Record<string, Route>> = {
    '/livez': async (response) => void response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n'),
    '/readyz': async (response) => {
      const answer = await report();
      const headers = { 'content-type': 'application/json' };
      response.writeHead(answer.ready ? 200 : 503, headers).end(`${JSON.stringify(answer)}\n`);
    },
    '/metrics': async (response) => {
      const { contentType, text } = await metricsText();
      response.writeHead(200, { 'content-type': contentType }).end(text);
    },
  };
  const limits = { requestTimeout: SILENCE_MS, headersTimeout: SILENCE_MS, maxHeaderSize: 8_192 };
  return createHttpServer(limits, (request, response) => {
    const route = request.method === 'GET' && Object.hasOwn(routes, request.url ?? '') && routes[request.url ?? ''];
    if (!route) return void response.writeHead(404).end();
    route(response).catch((error: unknown) => {
      context.log.error({ err: error, url: request.url }, 'a health request failed');
      response.destroy();
    });
  });
}

/** Hands over the first bytes of a connection, which stay to be read; a silent or broken one is closed. */
function whenFirstBytes(socket: Socket, then: (bytes: string) => void): void {
  const close = () => socket.destroy();
  socket.setTimeout(SILENCE_MS, close);
  socket.once('error', close);
  socket.once('data', (bytes) => {
    socket.pause();
    socket.setTimeout(0);
    socket.off('timeout', close);
    socket.off('error', close);
    socket.unshift(bytes);
    then(bytes.toString('latin1', 0, HTTP2_PREFACE.length));
  });
}

function listen(server: Server, { port, host }: { readonly port: number; readonly host: string }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(portFault(port, error)));
    server.listen(port, host, () => {
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : port);
    });
  });
}

function portFault(port: number, error: Error): StartError {
  return new StartError(
    {
      what: `port ${port} for metrics and health cannot be opened`,
      why: error.message,
      remedy: 'end the process that holds it, or configure another port',
    },
    error,
  );
}
