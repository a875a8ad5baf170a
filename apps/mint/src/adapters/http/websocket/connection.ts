import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { SUBSCRIBE_REFUSALS } from '../../../domain/subscriptions/requests.ts';
import type { SubscriberConnection, Subscriptions } from '../../../flows/serve-subscriptions.ts';
import type { Gate } from './gate.ts';
import { acceptedText, failureText, notificationText, readCall, type RpcCall } from './json-rpc.ts';
import type { SocketLimits } from './limits.ts';
import { type Outbox, type QueuedTotal, socketOutbox } from './outbox.ts';

/** RFC 6455, as far as the mint closes by itself. */
export const CLOSE = { idle: 1_000, stopping: 1_001, notText: 1_003, tooFast: 1_008, later: 1_013 } as const;

export interface ConnectionParts {
  readonly subscriptions: Subscriptions;
  readonly limits: SocketLimits;
  readonly total: QueuedTotal;
  /** Whether one more message of this wallet is within its rate. */
  takes(): boolean;
  /** Of all wallets together few are answered at once. */
  readonly inTurn: Gate;
  faulted(error: unknown): void;
}

export interface Connection {
  /** Each `pingMs`: ends who did not answer the ping before, or has nothing to wait for. */
  tick(): void;
  /** Resolves when it is gone: after `closeMs` it is cut. */
  close(code: number, reason: string): Promise<void>;
}

/**
 * Serves one wallet: its messages one after the other, and none while it does not take the answers.
 * @param stream below the socket
 */
export function serveConnection(socket: WebSocket, stream: Duplex, parts: ConnectionParts): Connection {
  const { limits, total } = parts;
  const end = () => {
    inbox.end();
    subscriber.close();
    outbox.end();
  };
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const close = (code: number, reason: string) => {
    end();
    socket.close(code, reason);
    // Whoever does not read does not close either.
    setTimeout(() => socket.terminate(), limits.closeMs).unref();
    return gone;
  };
  const tooSlow = () => void close(CLOSE.later, 'too slow');
  const outbox = socketOutbox(socket, stream, { limits, total, tooSlow });
  const subscriber = parts.subscriptions.connect({
    tell: (subId, payload) => outbox.send(notificationText(subId, payload)),
    evicted: () => void close(CLOSE.later, 'the mint is full'),
  });
  const inbox = socketInbox(socket, limits, async (text) => {
    await outbox.calm();
    if (parts.takes()) return parts.inTurn(() => answer(subscriber, outbox, text));
    await close(CLOSE.tooFast, 'too many requests');
  });
  const pulse = socketPulse(socket, limits, subscriber);
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) void close(CLOSE.notText, 'text frames only');
    else if (!inbox.put(data.toString())) void close(CLOSE.tooFast, 'too many requests');
  });
  socket.on('close', end);
  // Broken frames and vanished peers; the close that follows is what counts.
  socket.on('error', () => undefined);
  return { close, tick: () => pulse.tick(() => void close(CLOSE.idle, 'no subscription')) };

  async function answer(own: SubscriberConnection, out: Outbox, text: string): Promise<void> {
    const call = readCall(text);
    if (!call.ok) return out.send(failureText(call.error));
    try {
      await obey(own, out, call.value);
    } catch (error) {
      parts.faulted(error);
      out.send(failureText({ id: call.value.id, error: 'internal', message: 'temporarily unavailable' }));
    }
  }
}

async function obey(own: SubscriberConnection, out: Outbox, { id, method, params }: RpcCall): Promise<void> {
  const { subId } = params;
  if (method === 'unsubscribe') {
    const message = 'no such subscription';
    return out.send(own.unsubscribe(subId) ? acceptedText(id, subId) : failureText({ id, error: 'params', message }));
  }
  const granted = await own.subscribe(params);
  if (!granted.ok) return out.send(failureText({ id, error: 'params', message: SUBSCRIBE_REFUSALS[granted.error] }));
  out.send(acceptedText(id, subId));
  granted.value.begin();
}

/** Handles messages in their order. Nothing is read from the wire while one is handled. */
function socketInbox(socket: WebSocket, { inboxMax }: SocketLimits, handle: (text: string) => Promise<void>) {
  const waiting: string[] = [];
  let isBusy = false;

  const work = async () => {
    isBusy = true;
    socket.pause();
    for (let text = waiting.shift(); text !== undefined; text = waiting.shift()) await handle(text);
    isBusy = false;
    socket.resume();
  };
  let isOver = false;
  return {
    end: () => {
      isOver = true;
      waiting.length = 0;
    },
    /** False when too many wait: what was sent together before the reading stopped. */
    put: (text: string) => {
      if (isOver) return true;
      if (waiting.length >= inboxMax) return false;
      waiting.push(text);
      if (!isBusy) void work();
      return true;
    },
  };
}

function socketPulse(socket: WebSocket, { pingMs, idleMs }: SocketLimits, subscriber: SubscriberConnection) {
  let isAlive = true;
  let idleForMs = 0;
  socket.on('pong', () => (isAlive = true));
  return {
    tick: (idle: () => void) => {
      if (!isAlive) return socket.terminate();
      isAlive = false;
      socket.ping();
      idleForMs = subscriber.openCount() > 0 ? 0 : idleForMs + pingMs;
      if (idleForMs > idleMs) idle();
    },
  };
}
