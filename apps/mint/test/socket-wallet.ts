import { WebSocket } from 'ws';

export interface Message {
  readonly jsonrpc: string;
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
  readonly method?: string;
  readonly params?: { readonly subId: string; readonly payload: Readonly<Record<string, unknown>> };
}

/** A wallet's end of the WebSocket. */
export interface SocketWallet {
  readonly socket: WebSocket;
  /** With the code of the close. */
  readonly closed: Promise<number>;
  send(frame: string | Uint8Array): void;
  call(method: string, params: unknown, id?: unknown): void;
  /** The next message that came and was not asked for yet. */
  next(): Promise<Message>;
  /** The payload of the next message, which is a notification. */
  payload(): Promise<Readonly<Record<string, unknown>>>;
  /** Subscribes and waits for the answer; the current states follow. */
  subscribe(kind: string, filters: readonly string[], subId?: string): Promise<Message>;
  close(): Promise<number>;
}

/** Connects to `/v1/ws` of a mint. @param url of its HTTP API */
export async function socketWallet(url: string): Promise<SocketWallet> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`);
  const come: Message[] = [];
  const asked: ((message: Message) => void)[] = [];
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Message;
    const ask = asked.shift();
    if (ask === undefined) come.push(message);
    else ask(message);
  });
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  const next = async () => come.shift() ?? new Promise<Message>((resolve) => asked.push(resolve));
  const call = (method: string, params: unknown, id: unknown = 1) =>
    socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
  return {
    socket,
    closed,
    send: (frame) => socket.send(frame),
    call,
    next,
    payload: async () => (await next()).params?.payload ?? {},
    subscribe: (kind, filters, subId = 's') => {
      call('subscribe', { kind, filters, subId });
      return next();
    },
    close: () => {
      socket.close();
      return closed;
    },
  };
}
