import type { ServiceContext } from '@assay/shared/runtime/service';
import type { FastifyInstance } from 'fastify';
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Subscriptions } from '../../../flows/serve-subscriptions.ts';
import type { Turns } from '../../../turn-ports.ts';
import { CLOSE, type Connection, serveConnection } from './connection.ts';
import { type Gate, gate } from './gate.ts';
import { SOCKET_LIMITS, type SocketLimits } from './limits.ts';

const PATH = '/v1/ws';

/** Only this becomes a WebSocket; every other request for an upgrade is answered as if it had not asked. */
export function isWebSocketRequest({ url = '', headers }: IncomingMessage): boolean {
  return url.split('?')[0] === PATH && headers.upgrade?.toLowerCase() === 'websocket';
}

/** `WS /v1/ws` (NUT-17) beside the HTTP API. The drain of the HTTP server closes every socket first, with 1001. */
export function serveWebSocket(
  app: FastifyInstance,
  context: ServiceContext,
  parts: {
    readonly subscriptions: Subscriptions;
    readonly rate: { takes(address: string): boolean };
    readonly turns: Turns;
    readonly limits?: Partial<SocketLimits> | undefined;
  },
): void {
  const limits = { ...SOCKET_LIMITS, ...parts.limits };
  // Compression costs memory for each connection and tells lengths to whoever listens.
  const server = new WebSocketServer({ noServer: true, maxPayload: limits.frameBytesMax, perMessageDeflate: false });
  const connections = new Set<Connection>();
  const total = { bytes: 0 };
  const few = gate(limits.answeredAtOnceMax);
  const inTurn: Gate = (work) => few(() => parts.turns.next().then(work));
  let isStopping = false;

  const accept = (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const address = request.socket.remoteAddress ?? '';
    stream.on('error', () => undefined);
    if (isStopping || connections.size >= limits.connectionsMax) return refuse(stream, 503);
    if (!parts.rate.takes(address)) return refuse(stream, 429);
    server.handleUpgrade(request, stream, head, (socket) => {
      const connection = serveConnection(socket, stream, {
        subscriptions: parts.subscriptions,
        limits,
        total,
        inTurn,
        takes: () => parts.rate.takes(address),
        faulted: (error) => context.log.error({ err: error }, 'a subscription failed'),
      });
      connections.add(connection);
      socket.once('close', () => connections.delete(connection));
    });
  };
  const pings = setInterval(() => connections.forEach((connection) => connection.tick()), limits.pingMs);
  app.server.on('upgrade', accept);
  app.addHook('preClose', async () => {
    isStopping = true;
    clearInterval(pings);
    await Promise.all([...connections].map((connection) => connection.close(CLOSE.stopping, 'the mint is stopping')));
  });
}

function refuse(stream: Duplex, status: 429 | 503): void {
  stream.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
