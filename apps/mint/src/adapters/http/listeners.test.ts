import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { httpMint, type HttpMint } from '../../../test/http-mint.ts';

let mint: HttpMint;
afterEach(() => mint.context.stop());

const CONNECTIONS = 64;

test('connections that come together are accepted in far fewer turns of the event loop than there are', async () => {
  mint = await httpMint({ connections: { connectionsMax: 2 * CONNECTIONS, connectionsPerNetwork: 0 } });
  const { port } = new URL(mint.url);
  const sockets = Array.from({ length: CONNECTIONS }, () => connect(Number(port), '127.0.0.1'));
  let answered = 0;
  for (const socket of sockets) {
    socket.write('GET /v1/keysets HTTP/1.1\r\nHost: mint\r\n\r\n');
    socket.once('data', () => (answered += 1));
  }
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  let turns = 0;
  while (answered < CONNECTIONS) {
    await new Promise((resolve) => setImmediate(resolve));
    turns += 1;
  }
  expect(turns).toBeLessThan(CONNECTIONS);
  for (const socket of sockets) socket.destroy();
});

test('a port that another process serves is not shared with it', async () => {
  mint = await httpMint();
  const taken = createServer().listen({ port: 0, host: '127.0.0.1', reusePort: true });
  await once(taken, 'listening');
  const address = taken.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  await expect(httpMint({ port })).rejects.toThrow('EADDRINUSE');
  taken.close();
});
