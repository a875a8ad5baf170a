import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { SocketLimits } from './limits.ts';

/** Bytes that all wallets together have not taken. */
export interface QueuedTotal {
  bytes: number;
}

/** Messages on their way to one wallet. */
export interface Outbox {
  send(text: string): void;
  /** Resolves when so few messages wait that the wallet may be listened to. */
  calm(): Promise<void>;
  /** Nothing more is sent. */
  end(): void;
}

/** Of a text frame, by the length of what it carries (RFC 6455 section 5.2). */
const HEADER_BYTES = 2;
const LENGTH_BYTES = [
  { from: 65_536, bytes: 8 },
  { from: 126, bytes: 2 },
];

/** What a wallet may leave untaken, and who is told when it leaves more. */
export interface OutboxBounds {
  readonly limits: SocketLimits;
  readonly total: QueuedTotal;
  /** Called once, when a limit is passed. */
  readonly tooSlow: () => void;
}

/**
 * Sends without ever holding more than the limits. A message waits while the operating system has not taken its last byte.
 * All messages of one turn are written together: a write costs more than a message.
 * @param stream below the socket
 */
export function socketOutbox(
  socket: Pick<WebSocket, 'bufferedAmount'> & { send(data: Buffer, options: object, sent: () => void): void },
  stream: Pick<Duplex, 'cork' | 'uncork'>,
  { limits, total, tooSlow }: OutboxBounds,
): Outbox {
  const untaken = untakenFrames(total);
  let isOver = false;
  let isCorked = false;
  let onCalm = () => {};

  const isCalm = () => isOver || untaken.count() < limits.queuedMessagesBusy;
  /** Callbacks of writes come a turn late; what is buffered is exact at any moment. */
  const settle = () => {
    if (isOver) return;
    untaken.settle(socket.bufferedAmount);
    if (isCalm()) onCalm();
  };
  const write = () => {
    if (!isCorked) return;
    isCorked = false;
    stream.uncork();
    settle();
  };
  const writeThisTurn = () => {
    if (isCorked) return;
    isCorked = true;
    stream.cork();
    process.nextTick(write);
  };
  const isTooMuch = () =>
    untaken.count() > limits.queuedMessagesMax ||
    untaken.bytes() > limits.queuedBytesMax ||
    (total.bytes > limits.queuedBytesTotalMax && untaken.bytes() > limits.queuedBytesFair);
  const end = () => {
    if (isOver) return;
    isOver = true;
    untaken.clear();
    onCalm();
  };
  return {
    send: (text) => {
      if (isOver) return;
      writeThisTurn();
      const data = Buffer.from(text);
      socket.send(data, { binary: false }, settle);
      untaken.add(frameLength(data.length));
      // Of one turn there may be more than may wait.
      if (isTooMuch()) write();
      if (!isTooMuch()) return;
      end();
      tooSlow();
    },
    calm: () => (isCalm() ? Promise.resolve() : new Promise((resolve) => (onCalm = resolve))),
    end,
  };
}

/** Frames of which the operating system has not taken the last byte, oldest first. */
function untakenFrames(total: QueuedTotal) {
  const lengths: number[] = [];
  let bytes = 0;
  const count = (length: number) => {
    bytes += length;
    total.bytes += length;
  };
  return {
    add: (length: number) => {
      lengths.push(length);
      count(length);
    },
    /** @param buffered bytes that are untaken now */
    settle: (buffered: number) => {
      for (let [oldest] = lengths; oldest !== undefined && bytes - oldest >= buffered; [oldest] = lengths) {
        count(-oldest);
        lengths.shift();
      }
    },
    clear: () => count(-bytes),
    count: () => lengths.length,
    bytes: () => bytes,
  };
}

function frameLength(payload: number): number {
  return payload + HEADER_BYTES + (LENGTH_BYTES.find(({ from }) => payload >= from)?.bytes ?? 0);
}
