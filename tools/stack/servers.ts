import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerProcess } from '@assay/testkit/server-process';
import { startBitcoind, startMongod, startNats } from '@assay/testkit/servers';
import type { StackOptions } from './options.ts';
import { assertFree, portOf } from './port-plan.ts';

export interface BitcoinNode {
  readonly url: string;
  /** File that holds `user:password`. */
  readonly credentialsFile: string;
}

export interface Servers {
  readonly natsUrl: string;
  readonly mongoUri: string;
  /** None where no service reads the chain. */
  readonly bitcoind: BitcoinNode | undefined;
  /** What was started here, in the order of starting; empty for servers that were given by URL. */
  readonly started: readonly ServerProcess[];
}

/** NATS, MongoDB and, where a chain is read, bitcoind: by the URL that the environment gives, else started with their data in the data directory. */
export async function startServers(
  options: StackOptions,
  given: NodeJS.ProcessEnv,
  tell: (line: string) => void,
): Promise<Servers> {
  const started: ServerProcess[] = [];
  const place = async (name: 'nats' | 'mongod' | 'bitcoind') => {
    const port = portOf(options, name);
    await assertFree(port, name);
    return { port, dataDir: join(options.dataDir, name), tell };
  };
  const keep = <T extends ServerProcess>(server: T) => {
    started.push(server);
    return server;
  };
  try {
    const natsUrl = given['NATS_URL'] ?? keep(await startNats(await place('nats'))).url;
    const mongoUri = given['MONGODB_URI'] ?? keep(await startMongod(await place('mongod'))).uri;
    const bitcoindUrl = given['BITCOIND_RPC_URL'];
    const startedOrGiven = async () =>
      bitcoindUrl === undefined
        ? keep(await startBitcoind(await place('bitcoind')))
        : nodeFromUrl(bitcoindUrl, options.dataDir);
    const bitcoind = options.only === undefined ? await startedOrGiven() : undefined;
    return { natsUrl, mongoUri, bitcoind, started };
  } catch (error) {
    for (const server of started.reverse()) await server.stop();
    throw error;
  }
}

/** `http://user:password@host:port` → the URL without, and the credentials in a file. */
function nodeFromUrl(text: string, dataDir: string): BitcoinNode {
  const url = new URL(text);
  const credentialsFile = join(dataDir, 'keys', 'bitcoind-credentials');
  mkdirSync(join(dataDir, 'keys'), { recursive: true, mode: 0o700 });
  writeFileSync(credentialsFile, `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`, {
    mode: 0o600,
  });
  return { url: `${url.protocol}//${url.host}`, credentialsFile };
}
