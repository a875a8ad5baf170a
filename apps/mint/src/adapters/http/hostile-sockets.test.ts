import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { httpMint, type HttpMint } from '../../../test/http-mint.ts';
import { type RawClient, rawClient } from '../../../test/raw-client.ts';

const HASTY = { headersMs: 200, requestMs: 400, lookEveryMs: 20 };
const GET = 'GET /v1/keysets HTTP/1.1\r\nHost: mint\r\n\r\n';

let mint: HttpMint;
const sockets: Socket[] = [];
async function start(...options: Parameters<typeof httpMint>): Promise<void> {
  mint = await httpMint(...options);
}
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await mint.context.stop();
});

async function raw(): Promise<RawClient> {
  const client = await rawClient(mint.url);
  sockets.push(client.socket);
  return client;
}

/** Status and code of an answer as it stands on the wire. */
function told(answer: string) {
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(answer) ?? [];
  const body = answer.slice(answer.indexOf('\r\n\r\n') + 4);
  return { status: Number(status), body: body === '' ? {} : (JSON.parse(body) as object) };
}

describe('a client that takes its time is cut', () => {
  test.each([
    ['never says anything', '', 408],
    ['writes headers for ever', 'GET /v1/keysets HTTP/1.1\r\nHost: mint\r\nX-A: ', 408],
    ['writes a body for ever', 'POST /v1/swap HTTP/1.1\r\nHost: mint\r\nContent-Length: 1000\r\n\r\n{', 408],
  ])('when it %s', async (_, head, status) => {
    await start({ patience: HASTY });
    const { socket, ended } = await raw();
    socket.write(head);
    const drip = setInterval(() => socket.write(head === '' ? '' : 'x'), 50);
    const answer = told(await ended);
    clearInterval(drip);
    expect(answer).toEqual({ status, body: { detail: 'the request took too long', code: 51000 } });
    expect((await mint.get('/v1/keysets')).status).toBe(200);
  });
});

describe('what is no HTTP', () => {
  test.each<[string, string, number]>([
    ['a line of something else', 'mining.subscribe\r\n\r\n', 400],
    ['a TLS hello', '\u0016\u0003\u0001\u0002\u0000', 400],
    ['a method that nobody knows', 'SWAP /v1/swap HTTP/1.1\r\nHost: mint\r\n\r\n', 400],
    ['two lengths', 'POST /v1/swap HTTP/1.1\r\nHost: m\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}', 400],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: m\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
    ],
    ['a chunk of no size', 'POST /v1/swap HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 400],
    ['headers of 20 KB', `GET / HTTP/1.1\r\nHost: m\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
    ['a path of 20 KB', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: m\r\n\r\n`, 431],
  ])('%s is told so, and cut', async (_, text, status) => {
    await start();
    const { socket, ended } = await raw();
    socket.write(text, 'latin1');
    expect(told(await ended)).toEqual({ status, body: { detail: expect.any(String), code: 51000 } });
    expect((await mint.get('/v1/keysets')).status).toBe(200);
  });
});

describe('connections', () => {
  test('beyond those that one address may have are cut at once, until one of them is gone', async () => {
    await start({ connections: { connectionsMax: 100, connectionsPerNetwork: 3 } });
    const [first] = [await raw(), await raw(), await raw()];
    expect(await (await raw()).ended).toBe('');
    first?.socket.destroy();
    await expect
      .poll(() =>
        mint.get('/v1/keysets').then(
          ({ status }) => status,
          () => 'cut',
        ),
      )
      .toBe(200);
  });

  test('beyond those that the process may have are cut at once, whoever has them', async () => {
    await start({ connections: { connectionsMax: 2, connectionsPerNetwork: 0 } });
    const open = [await raw(), await raw()];
    expect(await (await raw()).ended).toBe('');
    open[0]?.socket.destroy();
    await expect
      .poll(() =>
        mint.get('/v1/keysets').then(
          ({ status }) => status,
          () => 'cut',
        ),
      )
      .toBe(200);
  });

  test('of whoever asks too much are closed with the answer 429', async () => {
    await start({ requestsPerMinute: 2 });
    const { socket, ended } = await raw();
    socket.write(GET.repeat(50));
    const answers = (await ended).split('HTTP/1.1 ').slice(1);
    expect(answers.map((answer) => answer.slice(0, 3))).toEqual(['200', '200', '429']);
  });

  test('that ask a hundred things at once are answered in that order', async () => {
    await start();
    const { socket, ended } = await raw();
    const ask = (path: string, at: number) =>
      `GET ${path} HTTP/1.1\r\nHost: mint\r\n${at === 99 ? 'Connection: close\r\n' : ''}\r\n`;
    socket.write(Array.from({ length: 100 }, (_, at) => ask(at % 2 === 0 ? '/v1/keysets' : '/v1/none', at)).join(''));
    const answers = (await ended).split('HTTP/1.1 ').slice(1);
    expect(answers.map((answer) => answer.slice(0, 3))).toEqual(
      Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? '200' : '404')),
    );
  });
});

test('a thousand requests in one packet are no thousand answers in one turn: others are served between them', async () => {
  await start();
  const crowd = await rawClient(mint.url, '127.0.0.2');
  sockets.push(crowd.socket);
  let said = '';
  crowd.socket.on('data', (data: Buffer) => (said += data.toString()));
  const answered = () => said.split('HTTP/1.1 200').length - 1;
  crowd.socket.write(GET.repeat(1_000));
  const other = await rawClient(mint.url);
  sockets.push(other.socket);
  other.socket.write(GET);
  await once(other.socket, 'data');
  expect(answered()).toBeLessThan(1_000);
  await expect.poll(answered).toBe(1_000);
});

describe('a long body', () => {
  const body = (bytes: number) => `{"Ys":[],"x":"${'x'.repeat(bytes - 16)}"}`;

  test('counts as several requests: one more for each 4 KiB', async () => {
    await start({ requestsPerMinute: 10 });
    expect((await mint.post('/v1/checkstate', body(4 * 4_096))).status).toBe(200);
    expect((await mint.post('/v1/checkstate', body(4_095))).status).toBe(200);
    expect(await mint.post('/v1/checkstate', body(4 * 4_096))).toMatchObject({ status: 429, json: { code: 51001 } });
    mint.clock.advance(60_000);
    expect((await mint.post('/v1/checkstate', body(4 * 4_096))).status).toBe(200);
  });
});
