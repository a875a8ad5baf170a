import { networkOf } from '@assay/shared/kernel/network';
import { createServer, type Server, type Socket } from 'node:net';
import { StartError } from '@assay/shared/runtime/start-error';
import { connectionsCounted, jobBroadcast, limitHit } from '../../edge-telemetry.ts';
import { Addresses, type AddressLimits } from './addresses.ts';
import { reconnectLine } from './answers.ts';
import { Connection, type ConnectionLimits } from './connection.ts';
import type { SessionPool } from './session.ts';

export interface StratumOptions {
  /** Address to listen on. */
  readonly host: string;
  readonly port: number;
  readonly limits: ConnectionLimits & AddressLimits;
  /** Where miners are sent when this instance ends; nobody is sent anywhere without it. */
  readonly publicHost?: string | undefined;
}

export interface StratumServer {
  readonly port: number;
  /** Once a second. */
  tick(): void;
  /** Ends every connection, because there is nothing to mine on or nowhere to store it. */
  closeAll(): void;
  stopAccepting(): void;
  /** Tells miners where to go on, and hears nothing more of them. */
  sendAway(): void;
}

const RECONNECT_S = 5;

/** The socket of Stratum V1. `ready` says whether there is work; while it is false, nobody is admitted. */
export async function startStratum(
  pool: SessionPool,
  options: StratumOptions,
  ready: () => boolean,
): Promise<StratumServer> {
  const { clock } = pool;
  const connections = new Set<Connection>();
  const addresses = new Addresses(options.limits);
  const flushSoon = createFlusher();

  const accept = (socket: Socket): void => {
    const network = networkOf(socket.remoteAddress ?? '');
    const admission = ready() ? addresses.admit(network, clock.now()) : 'not-ready';
    if (admission !== 'admitted') {
      if (admission !== 'not-ready') limitHit(admission);
      socket.on('error', () => socket.destroy());
      return void socket.destroy();
    }
    const connection = new Connection({ socket, pool, limits: options.limits, clock, flushSoon, limitHit });
    connections.add(connection);
    socket.on('close', () => {
      connections.delete(connection);
      addresses.left(network);
      connection.session.closed();
    });
  };
  pool.board.onWork(({ clean }) => {
    const begin = performance.now();
    for (const { session } of connections) session.work.offer(clean);
    setImmediate(() => jobBroadcast((performance.now() - begin) / 1000));
  });
  const server = createServer({ keepAlive: true, keepAliveInitialDelay: 60_000, noDelay: true }, accept);
  const port = await listen(server, options.host, options.port);
  return {
    port,
    tick() {
      for (const connection of connections) connection.tick();
      pool.prefixes.expire();
      addresses.forget(clock.now());
      count(connections);
    },
    closeAll() {
      for (const connection of connections) connection.close();
    },
    stopAccepting: () => void server.close(),
    sendAway() {
      const { publicHost } = options;
      const line = publicHost === undefined ? '' : reconnectLine(publicHost, port, RECONNECT_S);
      for (const connection of connections) {
        connection.stopReading();
        if (line !== '') connection.send(line);
      }
    },
  };
}

/** Output of one turn of the loop leaves a connection in one write. */
function createFlusher(): (connection: Connection) => void {
  let dirty: Connection[] = [];
  const flushAll = (): void => {
    const due = dirty;
    dirty = [];
    for (const connection of due) connection.flush();
  };
  return (connection) => {
    if (dirty.length === 0) setImmediate(flushAll);
    dirty.push(connection);
  };
}

function count(connections: ReadonlySet<Connection>): void {
  const counts = { handshake: 0, mining: 0 };
  let workers = 0;
  for (const { session } of connections) {
    counts[session.work.started ? 'mining' : 'handshake'] += 1;
    workers += session.workerCount;
  }
  connectionsCounted(counts, workers);
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const remedy = 'end the process that holds it, or set POOL_STRATUM_PORT';
      reject(new StartError({ what: `port ${port} for Stratum cannot be opened`, why: error.message, remedy }, error));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
