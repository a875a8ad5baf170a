import type { ServiceContext } from '@assay/shared/runtime/service';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import type { Socket } from 'node:net';
import { refusal } from '../../domain/refusals.ts';
import type { Subscriptions } from '../../flows/serve-subscriptions.ts';
import { type HttpAnswer, JSON_TYPE, refused } from './answers.ts';
import { supportBrowsers } from './browser-support.ts';
import { type ConnectionLimits, limitConnections } from './connection-limit.ts';
import { renderJson } from './json-text.ts';
import { listenWidely } from './listeners.ts';
import { rateLimit } from './rate-limit.ts';
import { limitRequests } from './request-limits.ts';
import { type MintApi, registerRoutes } from './routes.ts';
import type { SocketLimits } from './websocket/limits.ts';
import { isWebSocketRequest, serveWebSocket } from './websocket/websocket-server.ts';

export interface HttpOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly bodyBytesMax: number;
  /** Of one address; 0 = no limit. A long body counts as several. */
  readonly requestsPerMinute: number;
  readonly connections: ConnectionLimits;
  readonly sockets?: Partial<SocketLimits>;
  readonly patience?: HttpPatience;
}

/** How long a wallet may take to say what it wants. */
interface HttpPatience {
  /** From the connection, or the first byte of a later request, to the end of the headers. */
  readonly headersMs: number;
  readonly requestMs: number;
  /** How often those that take longer are looked for. */
  readonly lookEveryMs: number;
}

/** Who came together is cut together: looked for often, they are few each time, and ten thousand no stall. */
const PATIENCE: HttpPatience = { headersMs: 10_000, requestMs: 30_000, lookEveryMs: 100 };
const KEEP_ALIVE_MS = 65_000;
const HEADER_BYTES_MAX = 16_384;

/** Serves the NUT HTTP API and its WebSocket; ends at stage `edge`. Returns the port in use. */
export async function startHttpServer(
  context: ServiceContext,
  api: MintApi & { readonly subscriptions: Subscriptions },
  options: HttpOptions,
): Promise<{ readonly port: number }> {
  const { headersMs, requestMs, lookEveryMs } = options.patience ?? PATIENCE;
  const app = fastify({
    bodyLimit: options.bodyBytesMax,
    requestTimeout: requestMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: headersMs,
      connectionsCheckingInterval: lookEveryMs,
      shouldUpgradeCallback: isWebSocketRequest,
    },
    exposeHeadRoutes: false,
    // What the header admits: a long id is an unknown one.
    routerOptions: { maxParamLength: HEADER_BYTES_MAX },
    frameworkErrors: (_, __, reply) => void noSuchEndpoint(reply, 400),
    clientErrorHandler: answerBroken,
  });
  const rate = rateLimit(context.clock, options.requestsPerMinute);
  limitConnections(app.server, options.connections, rate);
  await supportBrowsers(app);
  acceptAnyType(app);
  limitRequests(app, { ...options, rate });
  answerAsJson(app);
  answerFaults(app, context);
  registerRoutes(app, api);
  serveWebSocket(app, context, { ...api, rate, limits: options.sockets });
  const port = await listenWidely(app, options);
  context.onStop('edge', 'http', () => app.close());
  return { port };
}

/** Bodies stay bytes: they are part of the op id, and are read without loss. */
function acceptAnyType(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
}

/** Handlers give an `HttpAnswer`. */
function answerAsJson(app: FastifyInstance): void {
  app.addHook<HttpAnswer>('preSerialization', async (_, reply, { status, body }) => {
    void reply.code(status).type(JSON_TYPE);
    return { text: renderJson(body) };
  });
  app.setSerializerCompiler(() => renderText);
  app.setReplySerializer(renderText);
}

function renderText(payload: unknown): string {
  return payload !== null && typeof payload === 'object' && 'text' in payload ? String(payload.text) : '';
}

/** What is wrong with a request is the wallet's; everything else is ours and answers 51002, never with its text. */
function answerFaults(app: FastifyInstance, { log }: ServiceContext): void {
  app.setNotFoundHandler(async (_, reply) => noSuchEndpoint(reply, 404));
  app.setErrorHandler(async (error: FastifyError, request, reply) => {
    if (error.statusCode !== undefined && error.statusCode < 500)
      return reply.send(refused(refusal('bad-request', error.message)));
    log.error({ err: error, route: request.routeOptions.url }, 'a request failed');
    return reply.send(refused(refusal('unavailable')));
  });
}

/** As text: outside the routes nothing renders answers. */
function noSuchEndpoint(reply: FastifyReply, status: 400 | 404): FastifyReply {
  const { body } = refused(refusal('bad-request', 'no such endpoint'));
  return reply.code(status).type(JSON_TYPE).send(renderJson(body));
}

/** Node's own words for what broke before there was a request, as far as they are not simply 400. */
const BROKEN: Readonly<Record<string, readonly [status: string, detail: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', `headers of more than ${HEADER_BYTES_MAX} bytes`],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request took too long'],
};

/** What is no HTTP has no request to answer: the socket is told, and cut. */
function answerBroken({ code }: NodeJS.ErrnoException, socket: Socket): void {
  if (socket.writable && code !== 'ECONNRESET') {
    const [status, detail] = BROKEN[code ?? ''] ?? ['400 Bad Request', 'this is no HTTP'];
    const text = renderJson(refused(refusal('bad-request', detail)).body);
    const head = `HTTP/1.1 ${status}\r\nContent-Type: ${JSON_TYPE}\r\nContent-Length: ${Buffer.byteLength(text)}`;
    socket.write(`${head}\r\nConnection: close\r\n\r\n${text}`);
  }
  socket.destroySoon();
}
