import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

const ANSWERED_MS = 30_000;

/** A socket that says whatever a test wants to a Stratum port, and keeps every line that comes back. */
export interface RawMiner {
  readonly socket: Socket;
  readonly lines: readonly string[];
  /** Resolves when the other side has ended the connection, in whatever way. */
  readonly closed: Promise<void>;
  send(...lines: readonly (string | Uint8Array)[]): void;
  /** The first line for which `find` has an answer; undefined when the connection ends before. */
  answer<T>(find: (line: string) => T | undefined): Promise<T | undefined>;
  /** Asks for a pong, which comes after everything before was read; false when the connection ended instead. */
  pong(): Promise<boolean>;
}

const NEWLINE = Buffer.from('\n');

export async function openRawMiner(port: number): Promise<RawMiner> {
  const socket = connect(port, '127.0.0.1');
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const lines: string[] = [];
  let rest = '';
  let heard: () => void = () => undefined;
  const state = { closed: false };
  socket.setNoDelay(true);
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    heard();
  });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      state.closed = true;
      heard();
      resolve();
    });
  });

  const answer: RawMiner['answer'] = async (find) => {
    const deadline = performance.now() + ANSWERED_MS;
    for (let at = 0; ;) {
      for (; at < lines.length; at += 1) {
        const found = find(lines[at] ?? '');
        if (found !== undefined) return found;
      }
      if (state.closed) return undefined;
      if (performance.now() > deadline) throw new Error(`no such answer; last: ${lines.at(-1) ?? 'none'}`);
      await Promise.race([new Promise<void>((resolve) => (heard = resolve)), wait(1_000)]);
    }
  };
  const send: RawMiner['send'] = (...given) => {
    for (const line of given) socket.write(Buffer.concat([Buffer.from(line), NEWLINE]));
  };
  let pings = 0;
  const pong = async () => {
    const id = `ping ${(pings += 1)}`;
    send(JSON.stringify({ id, method: 'mining.ping', params: [] }));
    const said = await answer((line) => (line.includes(`"${id}"`) && line.includes('"pong"') ? true : undefined));
    return said === true;
  };
  return { socket, lines, closed, send, answer, pong };
}
