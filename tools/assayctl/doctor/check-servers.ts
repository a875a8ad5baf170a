import { connect } from 'node:net';
import { MongoClient } from 'mongodb';
import type { Session } from '../session.ts';
import { natsInfoIn } from './nats-info.ts';
import { faultText, type Finding, findingsOf } from './finding.ts';

const ASK_MS = 3_000;
const NATS_PORT = 4_222;
const LINE_MAX = 65_536;

/** NATS and MongoDB, where they are known. */
export async function checkServers({ connections }: Session): Promise<Finding[]> {
  const { nats, mongo } = connections.settings;
  return Promise.all([
    nats === undefined ? skipped('NATS', '--nats') : checkNats(nats),
    mongo === undefined ? skipped('MongoDB', '--mongo') : checkMongo(mongo),
  ]);
}

async function skipped(subject: string, flag: string): Promise<Finding> {
  return findingsOf(subject).skip('server', `not asked; ${flag} says where it is`);
}

async function checkNats(urls: string): Promise<Finding> {
  const say = findingsOf('NATS');
  const [url = ''] = urls.split(',');
  try {
    const info = natsInfoIn(await firstLine(url));
    if (!info.jetstream)
      return say.fail('server', `${url}: version ${info.version} without JetStream`, 'start it with -js');
    return say.ok('server', `version ${info.version}, JetStream`);
  } catch (error) {
    return say.fail('server', `${url}: ${faultText(error)}`, 'start it; events wait in the outboxes until then');
  }
}

function firstLine(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port || NATS_PORT), timeout: ASK_MS });
    let text = '';
    const end = (settle: () => void) => {
      socket.destroy();
      settle();
    };
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n') || text.length > LINE_MAX) end(() => resolve(text.split('\n')[0] ?? ''));
    });
    socket.once('timeout', () => end(() => reject(new Error(`no answer within ${ASK_MS} ms`))));
    socket.once('error', (error) => end(() => reject(error)));
    socket.once('close', () => reject(new Error('the connection was closed')));
  });
}

async function checkMongo(uri: string): Promise<Finding> {
  const say = findingsOf('MongoDB');
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: ASK_MS, connectTimeoutMS: ASK_MS });
  try {
    const hello = await client.db('admin').command({ hello: 1 });
    const { version } = await client.db('admin').command({ buildInfo: 1 });
    if (hello['setName'] === undefined)
      return say.fail('server', `version ${String(version)}, no replica set`, 'majority writes need a replica set');
    if (hello['isWritablePrimary'] !== true)
      return say.fail('server', `no primary in ${String(hello['setName'])}`, 'see that a majority of its members runs');
    return say.ok('server', `version ${String(version)}, primary of ${String(hello['setName'])}`);
  } catch (error) {
    return say.fail('server', faultText(error), 'start it: services refuse what they cannot store');
  } finally {
    await client.close();
  }
}
