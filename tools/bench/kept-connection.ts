import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

const ANSWER_MS = 30_000;
const HEAD_END = '\r\n\r\n';
const HTTP_PORT = 80;

export interface HttpText {
  readonly status: number;
  readonly text: string;
}

/** The bytes of a POST of JSON text to `url`. */
export function renderPost(url: string, body: string): Buffer {
  const { host, pathname } = new URL(url);
  const head = [
    `POST ${pathname} HTTP/1.1`,
    `host: ${host}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}${HEAD_END}${body}`);
}

/**
 * The first answer in `bytes`, undefined while a part of it is missing.
 * @throws Error when it does not say how long it is
 */
function parseAnswer(bytes: Buffer): HttpText | undefined {
  const headBytes = bytes.indexOf(HEAD_END);
  if (headBytes < 0) return undefined;
  const head = bytes.toString('latin1', 0, headBytes);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`an answer without its length: ${head}`);
  const from = headBytes + HEAD_END.length;
  const to = from + Number(length);
  if (bytes.length < to) return undefined;
  return { status: Number(head.split(' ', 2)[1]), text: bytes.toString('utf8', from, to) };
}

/** A kept-alive connection over which one request goes at a time. */
export interface KeptConnection {
  /** Rejects when the connection ends, or after 30 s. */
  send(request: Buffer): Promise<HttpText>;
  close(): void;
}

/** Node's own client costs as much CPU as a mint's answer to a small request: too much for a load on the same cores. */
export async function openConnection(url: string): Promise<KeptConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: port === '' ? HTTP_PORT : Number(port), noDelay: true });
  await once(socket, 'connect');
  return keptConnection(socket);
}

function keptConnection(socket: Socket): KeptConnection {
  let received: Buffer = Buffer.alloc(0);
  let waiting: { resolve(answer: HttpText): void; reject(fault: Error): void } | undefined;
  socket.on('data', (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    try {
      const answer = parseAnswer(received);
      if (answer === undefined) return;
      received = Buffer.alloc(0);
      waiting?.resolve(answer);
    } catch (fault) {
      socket.destroy(fault as Error);
    }
  });
  socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error('a request was not answered in time')));
  socket.on('error', (fault) => waiting?.reject(fault));
  socket.on('close', () => waiting?.reject(new Error('the connection was closed before the answer')));
  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}
