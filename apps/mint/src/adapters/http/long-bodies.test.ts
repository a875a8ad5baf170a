import type { Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { httpMint, type HttpMint } from '../../../test/http-mint.ts';
import { type RawClient, rawClient } from '../../../test/raw-client.ts';

let mint: HttpMint;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await mint.context.stop();
});

const MEBIBYTE = 1_048_576;
/** Of all long bodies in memory. */
const HELD_MAX = 32;

/** Connects from an address of this machine. */
async function clientAt(localAddress: string): Promise<RawClient> {
  const client = await rawClient(mint.url, localAddress);
  sockets.push(client.socket);
  return client;
}

const head = (bytes: number) =>
  `POST /v1/checkstate HTTP/1.1\r\nHost: m\r\nConnection: close\r\nContent-Length: ${bytes}\r\n\r\n`;
const body = (bytes: number) => '{"Ys":[]}'.padEnd(bytes);

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

/** Begins a body of a megabyte, of which the mint knows then. */
async function beginAt(address: string) {
  const client = await clientAt(address);
  client.socket.write(head(MEBIBYTE).replace('\r\n', '\r\nExpect: 100-continue\r\n'));
  await once(client.socket, 'data');
  client.socket.write('{');
  return { ...client, ended: client.ended.then((text) => text.slice(CONTINUE.length)) };
}

async function askAt(address: string, bytes: number): Promise<string> {
  const { socket, ended } = await clientAt(address);
  socket.write(`${head(bytes)}${body(bytes)}`);
  return (await ended).slice(9, 12);
}

describe('long bodies', () => {
  test('are work in turns: before it is read, before what it asks is done, before the answer is made', async () => {
    let turns = 0;
    const counted = { next: async () => void (turns += 1) };
    mint = await httpMint({}, { replace: (api) => ({ ...api, turns: counted }) });
    expect((await mint.post('/v1/checkstate', body(16_384))).status).toBe(200);
    expect(turns).toBe(0);
    expect((await mint.post('/v1/checkstate', body(16_385))).status).toBe(200);
    expect(turns).toBe(3);
  });

  test('that fill the memory for them give way to those of an address that has none', async () => {
    mint = await httpMint();
    const slow = [];
    while (slow.length < HELD_MAX) slow.push(await beginAt('127.0.0.2'));
    // One more has no room, and its own give none.
    expect(await askAt('127.0.0.2', MEBIBYTE)).toBe('503');
    expect(await askAt('127.0.0.3', MEBIBYTE)).toBe('200');
    expect(await slow[0]?.ended).toBe('');
    slow[1]?.socket.end(body(MEBIBYTE).slice(1));
    expect((await slow[1]?.ended)?.slice(9, 12)).toBe('200');
    expect(await askAt('127.0.0.2', 16_384)).toBe('200');
  });

  test('whose length nobody told count as the longest', async () => {
    mint = await httpMint({ requestsPerMinute: 300 });
    const chunks = () => new Blob(['{"Ys":[]}']).stream();
    const post = () => fetch(`${mint.url}/v1/checkstate`, { method: 'POST', body: chunks(), duplex: 'half' });
    expect((await post()).status).toBe(200);
    expect((await post()).status).toBe(429);
  });

  test('that are refused are let go by: the answer is read', async () => {
    mint = await httpMint({ requestsPerMinute: 1 });
    expect((await mint.get('/v1/keysets')).status).toBe(200);
    expect(await mint.post('/v1/checkstate', body(MEBIBYTE))).toMatchObject({ status: 429, json: { code: 51001 } });
  });
});

test('whoever was refused as often as it may ask is cut unread, until it has paused', async () => {
  mint = await httpMint({ requestsPerMinute: 2 });
  const ask = async () => {
    const { socket, ended } = await clientAt('127.0.0.2');
    socket.write('GET /v1/keysets HTTP/1.1\r\nHost: mint\r\nConnection: close\r\n\r\n');
    return (await ended).slice(9, 12);
  };
  const answers = [];
  while (answers.length < 5) answers.push(await ask());
  expect(answers).toEqual(['200', '200', '429', '429', '']);
  expect((await mint.get('/v1/keysets')).status).toBe(200);
  mint.clock.advance(30_000);
  expect(await ask()).toBe('200');
});
