import { networkOf } from '@assay/shared/kernel/network';
import type { Server } from 'node:net';
import type { RateLimit } from './rate-limit.ts';

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
  const open = new Map<string, number>();
  let all = 0;
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    const network = networkOf(address);
    const others = open.get(network) ?? 0;
    const isTooMany = all >= connectionsMax || (connectionsPerNetwork > 0 && others >= connectionsPerNetwork);
    if (isTooMany || rate.isFlooding(address)) return socket.destroy();
    all += 1;
    open.set(network, others + 1);
    return socket.once('close', () => {
      all -= 1;
      const left = (open.get(network) ?? 1) - 1;
      if (left === 0) open.delete(network);
      else open.set(network, left);
    });
  });
}
