import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openConnection, renderPost } from './kept-connection.ts';

const ends: (() => void)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const served = (listener: RequestListener) => listening(createServer(listener));

/** Whatever is asked. */
function answeredBy(answer: (socket: Socket) => void): Promise<string> {
  return listening(createTcpServer((socket) => socket.once('data', () => answer(socket)).on('error', () => undefined)));
}

describe('a kept connection', () => {
  it('takes one request after another to a server and back', async () => {
    const url = await served((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        const text = `${request.method} ${request.url} ${body}`;
        response.writeHead(201, { 'content-length': Buffer.byteLength(text) }).end(text);
      });
    });
    const connection = await openConnection(url);
    ends.push(connection.close);
    for (const body of ['{"a":1}', '{"ä":2}', `["${'x'.repeat(200_000)}"]`]) {
      const answer = await connection.send(renderPost(`${url}/v1/swap`, body));
      expect(answer).toEqual({ status: 201, text: `POST /v1/swap ${body}` });
    }
  });

  it('waits for the last byte of an answer, however it comes in pieces', async () => {
    const whole = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text\r\nContent-Length: 5\r\n\r\nhello');
    const url = await answeredBy((socket) => {
      for (const byte of whole) socket.write(Uint8Array.of(byte));
    });
    const connection = await openConnection(url);
    ends.push(connection.close);
    expect(await connection.send(renderPost(url, '{}'))).toEqual({ status: 200, text: 'hello' });
  });

  it('rejects what is not answered before its end, and an answer that has no length', async () => {
    const closing = await answeredBy((socket) => socket.destroy());
    await expect((await openConnection(closing)).send(renderPost(closing, '{}'))).rejects.toThrow();
    const endless = await answeredBy((socket) => socket.write('HTTP/1.1 200 OK\r\n\r\nhello'));
    await expect((await openConnection(endless)).send(renderPost(endless, '{}'))).rejects.toThrow('length');
  });
});
