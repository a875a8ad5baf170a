import type { FastifyInstance } from 'fastify';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Sockets that listen on the one port, where the system lets them share it. */
const LISTENERS = process.platform === 'linux' ? 4 : 1;

interface Place {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/**
 * Listens with several sockets on one port, and stops with the server. The event loop accepts one connection of each socket
 * in a turn: with a single one, whoever opens connections faster than the loop turns keeps everybody else waiting for one.
 * @returns the port in use
 */
export async function listenWidely(app: FastifyInstance, { host, port }: Place): Promise<number> {
  const others = Array.from({ length: LISTENERS - 1 }, () =>
    createServer({ allowHalfOpen: true, noDelay: true }, (socket) => app.server.emit('connection', socket)),
  );
  app.addHook('preClose', async () => others.forEach((other) => other.close()));
  await refuseTaken({ host, port });
  const shared = { host, reusePort: LISTENERS > 1 };
  await app.listen({ ...shared, port });
  const address = app.server.address();
  const taken = address !== null && typeof address === 'object' ? address.port : port;
  for (const other of others) await listening(other, { ...shared, port: taken });
  return taken;
}

/** Sockets that share a port would share it with another process too. @throws EADDRINUSE */
async function refuseTaken(place: Place): Promise<void> {
  if (place.port === 0) return;
  const probe = createServer();
  await listening(probe, place);
  probe.close();
  await once(probe, 'close');
}

async function listening(server: Server, place: Place & { readonly reusePort?: boolean }): Promise<void> {
  server.listen(place);
  await once(server, 'listening');
}
