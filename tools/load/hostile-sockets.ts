import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Attack } from './hostile-shots.ts';

// Attacks with connections: what costs the mint is that they are there.

const IDLE_SOCKETS = 10_000;
const LISTENERS = 200;
const SUBSCRIPTIONS = 20;
const OPENED_AT_ONCE = 100;
const LOOK_MS = 20;
/** A frame may have 64 KiB. */
const PADDING = 'x'.repeat(60_000);

async function untilOver(isOver: () => boolean): Promise<void> {
  while (!isOver()) await wait(LOOK_MS);
}

/** Opens connections, and says nothing. */
export async function idleSockets({ host, port, addressAt, isOver, told }: Attack): Promise<void> {
  const sockets = new Set<Socket>();
  const open = (at: number) =>
    new Promise<void>((resolve) => {
      const socket = connect({ host, port, localAddress: addressAt(at) }, resolve);
      socket.on('error', () => resolve()).once('close', () => (sockets.delete(socket), told('cut')));
      socket.resume();
      sockets.add(socket);
    });
  while (!isOver()) {
    if (sockets.size >= IDLE_SOCKETS) await wait(LOOK_MS);
    else await Promise.all(Array.from({ length: OPENED_AT_ONCE }, (_, at) => open(at)));
  }
  for (const socket of sockets) socket.destroy();
}

/** Subscribes to all that it may, and reads nothing of it: there is no listener for data. */
export function deafSockets(attack: Attack): Promise<void> {
  return listening(attack, () => attack.points().slice(0, 100), {});
}

/** Subscribes to one proof a time, in frames as long as they may be, and reads what comes. */
export function paddedFrames(attack: Attack): Promise<void> {
  return listening(attack, () => attack.points().slice(0, 1), { padding: PADDING, reads: true });
}

async function listening(
  { host, port, addressAt, isOver, told }: Attack,
  filters: () => readonly string[],
  { padding, reads = false }: { readonly padding?: string; readonly reads?: boolean },
): Promise<void> {
  const listen = async (_: unknown, worker: number) => {
    while (!isOver()) {
      const socket = connect({ host, port, localAddress: addressAt(worker) });
      const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()).on('error', () => undefined));
      if (reads) socket.resume();
      socket.write(UPGRADE);
      for (let id = 0; id < SUBSCRIPTIONS; id += 1) {
        const params = { kind: 'proof_state', subId: `subscription ${id}`, filters: filters() };
        socket.write(textFrame({ jsonrpc: '2.0', id, method: 'subscribe', params, padding }));
      }
      await Promise.race([gone, untilOver(isOver)]);
      socket.destroy();
      told('cut');
    }
  };
  await Promise.all(Array.from({ length: LISTENERS }).map(listen));
}

const UPGRADE = [
  ...['GET /v1/ws HTTP/1.1', 'Host: mint', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
  ...[`Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`, '', ''],
].join('\r\n');

/** RFC 6455: a text of less than 64 KiB, masked with zeros. */
function textFrame(message: object): Buffer {
  const payload = Buffer.from(JSON.stringify(message));
  const head = Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 0xff, 0, 0, 0, 0]);
  return Buffer.concat([head, payload]);
}
