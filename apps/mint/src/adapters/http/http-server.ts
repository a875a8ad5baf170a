import type { ServiceContext } from '@assay/shared/runtime/service';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import { refusal } from '../../domain/refusals.ts';
import type { Subscriptions } from '../../flows/serve-subscriptions.ts';
import { type HttpAnswer, refused } from './answers.ts';
import { supportBrowsers } from './browser-support.ts';
import { renderJson } from './json-text.ts';
import { rateLimit } from './rate-limit.ts';
import { type MintApi, registerRoutes } from './routes.ts';
import type { SocketLimits } from './websocket/limits.ts';
import { isWebSocketRequest, serveWebSocket } from './websocket/websocket-server.ts';

export interface HttpOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly bodyBytesMax: number;
  /** Of one address; 0 = no limit. */
  readonly requestsPerMinute: number;
  readonly sockets?: Partial<SocketLimits>;
}

const REQUEST_MS_MAX = 30_000;
const KEEP_ALIVE_MS = 65_000;
const HEADER_BYTES_MAX = 16_384;
const JSON_TYPE = 'application/json; charset=utf-8';

/** Serves the NUT HTTP API and its WebSocket; ends at stage `edge`. Returns the port in use. */
export async function startHttpServer(
  context: ServiceContext,
  api: MintApi & { readonly subscriptions: Subscriptions },
  options: HttpOptions,
): Promise<{ readonly port: number }> {
  const app = fastify({
    bodyLimit: options.bodyBytesMax,
    requestTimeout: REQUEST_MS_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: { maxHeaderSize: HEADER_BYTES_MAX, shouldUpgradeCallback: isWebSocketRequest },
    exposeHeadRoutes: false,
    // What the header admits: a long id is an unknown one.
    routerOptions: { maxParamLength: HEADER_BYTES_MAX },
    frameworkErrors: (_, __, reply) => void noSuchEndpoint(reply, 400),
  });
  await supportBrowsers(app);
  acceptAnyType(app);
  const rate = rateLimit(context.clock, options.requestsPerMinute);
  limitRequests(app, rate);
  answerAsJson(app);
  answerFaults(app, context);
  registerRoutes(app, api);
  serveWebSocket(app, context, { subscriptions: api.subscriptions, rate, limits: options.sockets });
  await app.listen({ host: options.host, port: options.port });
  context.onStop('edge', 'http', () => app.close());
  const address = app.server.address();
  return { port: address !== null && typeof address === 'object' ? address.port : options.port };
}

/** Bodies stay bytes: they are part of the op id, and are read without loss. */
function acceptAnyType(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
}

function limitRequests(app: FastifyInstance, limit: ReturnType<typeof rateLimit>): void {
  app.addHook('onRequest', async (request, reply) => {
    if (!limit.takes(request.ip)) await reply.send(refused(refusal('rate-limited')));
  });
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
