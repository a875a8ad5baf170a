import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';

export interface RawClient {
  readonly socket: Socket;
  /** Everything that was answered until the mint closed. */
  readonly ended: Promise<string>;
}

/** A connection to `url` that says what it is told, from an address of this machine. */
export async function rawClient(url: string, localAddress = '127.0.0.1'): Promise<RawClient> {
  const socket = createConnection({ host: '127.0.0.1', port: Number(new URL(url).port), localAddress });
  const said: Buffer[] = [];
  // A cut is often seen as an error of what was written last, before the close.
  socket.on('data', (data) => said.push(data)).on('error', () => undefined);
  const ended = new Promise<string>((resolve) => socket.on('close', () => resolve(Buffer.concat(said).toString())));
  await once(socket, 'connect');
  return { socket, ended };
}
