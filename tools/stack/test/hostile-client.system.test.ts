import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { MongoClient } from 'mongodb';
import { type DescribedEndpoint, describedEndpoints, hostileBodies, hostilePaths } from '@assay/testkit/hostile-json';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LoneMint, startLoneMint } from '../lone-mint.ts';
import { until } from '../until.ts';

// A mint as it is deployed, with its own limits, and clients that mean no good.

const RUNS_OF_EACH = 25;
const SOCKETS = 10_000;
const SOCKETS_AT_ONCE = 250;
/** Each idle socket may cost so much, and all together this. */
const MIB_MORE_MAX = 250;
/** Facts that only what is granted may change. */
const FACTS = ['operations', 'funds', 'control', 'supply', 'grants'];

let mint: LoneMint;
let client: MongoClient;
let url: string;
let port: number;
let pid: number;
let endpoints: readonly DescribedEndpoint[];

beforeAll(async () => {
  // Strangers of this test are one address.
  mint = await startLoneMint('hostile-client', { MINT_LIMIT_CONNECTIONS_PER_IP: '0' });
  ({ url, port } = mint);
  client = new MongoClient(mint.stack.servers.mongoUri, { useBigInt64: true });
  pid = mint.stack.process('mint').pid();
  endpoints = describedEndpoints(await (await fetch(`${url}/openapi.json`)).json());
});
afterAll(async () => {
  await client.close();
  await mint.stop();
});

async function facts(): Promise<string> {
  const hash = createHash('sha256');
  for (const name of FACTS) {
    const documents = await client.db('mint').collection(name).find().sort({ _id: 1 }).toArray();
    hash.update(JSON.stringify(documents, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)));
  }
  return hash.digest('hex');
}

const quoteCount = () => client.db('mint').collection('quotes').countDocuments();

async function othersAreServed(): Promise<void> {
  expect((await fetch(`${url}/v1/keysets`)).status).toBe(200);
  const made = await fetch(`${url}/v1/mint/quote/bolt11`, { method: 'POST', body: '{"unit":"sat","amount":1}' });
  expect([made.status, await made.text()]).toEqual([200, expect.any(String)]);
  expect(mint.stack.process('mint').pid()).toBe(pid);
}

function residentMib(): number {
  const [, kib = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1_024;
}

test('whatever is sent to any endpoint has a defined answer and changes no fact', { timeout: 240_000 }, async () => {
  const [before, quotesBefore] = [await facts(), await quoteCount()];
  let granted = 0;
  for (const endpoint of endpoints) {
    const asked = fc.tuple(hostilePaths(endpoint), hostileBodies(endpoint));
    for (const [path, { what, bytes }] of fc.sample(asked, { numRuns: RUNS_OF_EACH, seed: 20_261_127 })) {
      const { method } = endpoint;
      const body = method === 'GET' || bytes.length === 0 ? null : Uint8Array.from(bytes);
      const answer = await fetch(`${url}${path}`, { method, body });
      const text = await answer.text();
      if (answer.status === 200) granted += 1;
      else
        expect(JSON.parse(text), `${path}: ${what}`).toEqual({ detail: expect.any(String), code: expect.any(Number) });
      expect([200, 400, 404], `${path}: ${what}`).toContain(answer.status);
    }
  }
  expect(await facts()).toBe(before);
  expect((await quoteCount()) - quotesBefore).toBeLessThanOrEqual(granted);
  await othersAreServed();
});

async function idleSocket(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined).resume();
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
  return socket;
}

test('10,000 open sockets cost some memory for some seconds, and others are served', { timeout: 240_000 }, async () => {
  const before = residentMib();
  const sockets: Socket[] = [];
  while (sockets.length < SOCKETS) {
    sockets.push(...(await Promise.all(Array.from({ length: SOCKETS_AT_ONCE }, idleSocket))));
  }
  await othersAreServed();
  expect(residentMib() - before).toBeLessThan(MIB_MORE_MAX);
  const open = async () => sockets.filter(({ closed, readyState }) => !closed && readyState !== 'closed').length;
  await until(open, (count) => count === 0, 120_000);
  await othersAreServed();
  expect(residentMib() - before).toBeLessThan(MIB_MORE_MAX);
});

test('WebSockets that subscribe to all that they may and read nothing are no harm', { timeout: 120_000 }, async () => {
  const point = (at: number) => `02${createHash('sha256').update(String(at)).digest('hex')}`;
  const filters = Array.from({ length: 100 }, (_, at) => point(at));
  const deaf = Array.from({ length: 50 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  const head = ['GET /v1/ws HTTP/1.1', 'Host: mint', 'Connection: Upgrade', 'Upgrade: websocket'];
  const key = Buffer.alloc(16).toString('base64');
  const upgrade = [...head, 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${key}`, '', ''].join('\r\n');
  const before = residentMib();
  for (const socket of deaf) {
    socket.pause().write(upgrade);
    for (let id = 0; id < 30; id += 1) {
      const params = { kind: 'proof_state', subId: `s${id}`, filters };
      const text = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method: 'subscribe', params }));
      const frame = Buffer.from([0x81, 0xfe, text.length >> 8, text.length & 0xff, 0, 0, 0, 0]);
      socket.write(Buffer.concat([frame, text]));
    }
  }
  for (let turn = 0; turn < 10; turn += 1) await othersAreServed();
  expect(residentMib() - before).toBeLessThan(MIB_MORE_MAX);
  for (const socket of deaf) socket.destroy();
  await othersAreServed();
});
