import type { Server } from 'node:net';
import { networkOf, type RateLimit } from './rate-limit.ts';

export interface ConnectionLimits {
  /** Of the process, WebSockets included. */
  readonly connectionsMax: number;
  /** Of one network as the rate limit tells them apart; 0 = no limit. */
  readonly connectionsPerNetwork: number;
}

/**
 * Cuts a connection beyond the limits before a byte of it is read: each open one costs memory, also an idle one, and whoever
 * floods the mint only wants to be answered.
 */
export function limitConnections(
  server: Server,
  { connectionsMax, connectionsPerNetwork }: ConnectionLimits,
  rate: Pick<RateLimit, 'isFlooding'>,
): void {
  server.maxConnections = connectionsMax;
  const open = new Map<string, number>();
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    if (rate.isFlooding(address)) return socket.destroy();
    if (connectionsPerNetwork === 0) return socket;
    const network = networkOf(address);
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
