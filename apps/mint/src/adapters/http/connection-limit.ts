import type { Server } from 'node:net';
import { networkOf } from './rate-limit.ts';

export interface ConnectionLimits {
  /** Of the process, WebSockets included. */
  readonly connectionsMax: number;
  /** Of one network as the rate limit tells them apart; 0 = no limit. */
  readonly connectionsPerNetwork: number;
}

/** Cuts a connection beyond the limits before a byte of it is read: each open one costs memory, also an idle one. */
export function limitConnections(server: Server, { connectionsMax, connectionsPerNetwork }: ConnectionLimits): void {
  server.maxConnections = connectionsMax;
  if (connectionsPerNetwork === 0) return;
  const open = new Map<string, number>();
  server.on('connection', (socket) => {
    const network = networkOf(socket.remoteAddress ?? '');
    const others = open.get(network) ?? 0;
    if (others >= connectionsPerNetwork) return socket.destroy();
    open.set(network, others + 1);
    return socket.once('close', () => {
      const left = (open.get(network) ?? 1) - 1;
      if (left === 0) open.delete(network);
      else open.set(network, left);
    });
  });
}
