import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Db, MongoClient, MongoServerError } from 'mongodb';
import { CACHE, findServer } from './find-server.ts';
import { freePort, type ServerProcess, startProcess } from './server-process.ts';

export interface ServerPlace {
  /** Kept between starts; a fresh directory that goes with the server when left out. */
  readonly dataDir?: string;
  readonly port?: number;
  readonly tell?: (line: string) => void;
}

export interface NatsServer extends ServerProcess {
  readonly url: string;
}

export interface MongoServer extends ServerProcess {
  readonly uri: string;
}

export interface BitcoindServer extends ServerProcess {
  readonly url: string;
  readonly credentials: string;
  /** Holds `user:password`. */
  readonly credentialsFile: string;
  /** JSON-RPC; throws an Error whose message is the node's. */
  rpc(method: string, ...params: readonly unknown[]): Promise<unknown>;
}

/** A real nats-server with JetStream on 127.0.0.1. */
export async function startNats(place: ServerPlace = {}): Promise<NatsServer> {
  const program = await findServer('nats-server', place.tell);
  const { port, dataDir, discard } = await takePlace('nats', place);
  const config = join(dataDir, 'nats.conf');
  // JetStream accepts no subject that begins with $JS unless the account may export it: advisories need none of that.
  writeFileSync(
    config,
    `host: 127.0.0.1\nport: ${port}\njetstream { store_dir: "${join(dataDir, 'jetstream')}", max_file: 64GB }\nmax_payload: 1MB\n`,
  );
  const server = await startProcess({
    name: 'nats-server',
    program,
    args: ['-c', config],
    logFile: join(dataDir, 'nats.log'),
    probe: () => canConnect(port),
  });
  return { ...discarding(server, discard), url: `nats://127.0.0.1:${port}` };
}

export interface MongoPlace extends ServerPlace {
  /** For a fake clock that stands in the past: the server would delete by its own clock, in the middle of a test. */
  readonly keepsExpired?: boolean;
}

/** A real mongod on 127.0.0.1: a replica set of one. */
export async function startMongod(place: MongoPlace = {}): Promise<MongoServer> {
  const program = await findServer('mongod', place.tell);
  const { port, dataDir, discard } = await takePlace('mongod', place);
  const database = join(dataDir, 'db');
  mkdirSync(database, { recursive: true });
  const direct = `mongodb://127.0.0.1:${port}/?directConnection=true`;
  const server = await startProcess({
    name: 'mongod',
    program,
    args: [
      ...['--dbpath', database, '--port', String(port), '--bind_ip', '127.0.0.1', '--replSet', 'assay'],
      ...['--wiredTigerCacheSizeGB', '1', '--quiet', '--setParameter', 'diagnosticDataCollectionEnabled=false'],
      ...(place.keepsExpired === true ? ['--setParameter', 'ttlMonitorEnabled=false'] : []),
    ],
    logFile: join(dataDir, 'mongod.log'),
    probe: () => isPrimary(direct, port),
  });
  return { ...discarding(server, discard), uri: `mongodb://127.0.0.1:${port}/?replicaSet=assay&directConnection=true` };
}

/** A real bitcoind: a private signet whose challenge is OP_TRUE, or regtest (01-pool section 18). */
export async function startBitcoind(
  place: ServerPlace & { readonly chain?: 'signet' | 'regtest' } = {},
): Promise<BitcoindServer> {
  const program = await findServer('bitcoind', place.tell);
  const { port, dataDir, discard } = await takePlace('bitcoind', place);
  const chain = place.chain ?? 'signet';
  const credentials = `assay:${randomBytes(16).toString('hex')}`;
  const credentialsFile = join(dataDir, 'rpc-credentials');
  writeFileSync(credentialsFile, credentials, { mode: 0o600 });
  writeFileSync(join(dataDir, 'bitcoin.conf'), bitcoinConf(chain, port, credentials), { mode: 0o600 });
  const url = `http://127.0.0.1:${port}`;
  const rpc = (method: string, ...params: readonly unknown[]) => callRpc(url, credentials, method, params);
  const server = await startProcess({
    name: 'bitcoind',
    program,
    args: [`-datadir=${dataDir}`, '-printtoconsole=1', '-nodebuglogfile'],
    logFile: join(dataDir, 'bitcoind.log'),
    probe: async () => void (await rpc('getblockchaininfo')),
    readyWithinMs: 60_000,
  });
  return { ...discarding(server, discard), url, credentials, credentialsFile, rpc };
}

function bitcoinConf(chain: 'signet' | 'regtest', port: number, credentials: string): string {
  const [user, password] = credentials.split(':');
  return [
    `${chain}=1`,
    'server=1',
    'listen=0',
    'dnsseed=0',
    'disablewallet=1',
    'txindex=0',
    // A fresh or rested chain must not count as initial block download: no template is made in that state.
    'maxtipage=3153600000',
    'blockmaxweight=3996000',
    'blockmaxsize=3996000',
    'rpcthreads=8',
    'rpcworkqueue=128',
    `[${chain}]`,
    ...(chain === 'signet' ? ['signetchallenge=51'] : []),
    `rpcport=${port}`,
    'rpcbind=127.0.0.1',
    'rpcallowip=127.0.0.1',
    `rpcuser=${user}`,
    `rpcpassword=${password}`,
    '',
  ].join('\n');
}

async function callRpc(url: string, credentials: string, method: string, params: readonly unknown[]): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
    body: JSON.stringify({ jsonrpc: '1.0', id: method, method, params }),
    signal: AbortSignal.timeout(30_000),
  });
  const answer: unknown = await response.json();
  if (typeof answer !== 'object' || answer === null) throw new Error(`${method}: no JSON-RPC answer`);
  if ('error' in answer && answer.error !== null) throw new Error(`${method}: ${JSON.stringify(answer.error)}`);
  return 'result' in answer ? answer.result : undefined;
}

async function takePlace(name: string, place: ServerPlace) {
  const port = place.port ?? (await freePort());
  if (place.dataDir !== undefined) {
    mkdirSync(place.dataDir, { recursive: true });
    return { port, dataDir: place.dataDir, discard: undefined };
  }
  const parent = join(CACHE, 'run');
  mkdirSync(parent, { recursive: true });
  const dataDir = mkdtempSync(join(parent, `${name}-`));
  return { port, dataDir, discard: dataDir };
}

function discarding(server: ServerProcess, directory: string | undefined): ServerProcess {
  if (directory === undefined) return server;
  const stop = async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  return { ...server, stop };
}

function canConnect(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}

async function isPrimary(uri: string, port: number): Promise<void> {
  const client = await MongoClient.connect(uri, { serverSelectionTimeoutMS: 500 });
  try {
    const admin = client.db('admin');
    const hello = await admin.command({ hello: 1 });
    if (hello['isWritablePrimary'] === true) return;
    if (hello['setName'] === undefined) await initiateReplicaSet(admin, [{ _id: 0, host: `127.0.0.1:${port}` }]);
    throw new Error('mongod is not primary yet');
  } finally {
    await client.close();
  }
}

const ALREADY_INITIALIZED = 23;

/** Data that was served on another port before names that port: the one member is told its new place. */
async function initiateReplicaSet(admin: Db, members: readonly { _id: number; host: string }[]): Promise<void> {
  try {
    await admin.command({ replSetInitiate: { _id: 'assay', members } });
  } catch (error) {
    if (!(error instanceof MongoServerError) || error.code !== ALREADY_INITIALIZED) throw error;
    const { config } = await admin.command({ replSetGetConfig: 1 });
    await admin.command({ replSetReconfig: { ...config, version: config.version + 1, members }, force: true });
  }
}
