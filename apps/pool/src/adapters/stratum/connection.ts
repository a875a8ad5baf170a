import type { Socket } from 'node:net';
import type { Clock } from '@assay/shared/kernel/clock';
import type { Limit } from '../../edge-telemetry.ts';
import { LineBuffer } from './line-buffer.ts';
import { parseMessage } from './message.ts';
import { Session, type SessionPool, type Wire } from './session.ts';
import { TokenBucket } from './token-bucket.ts';

export interface ConnectionLimits {
  readonly lineBytes: number;
  readonly outputBytes: number;
  readonly messagesBurst: number;
  readonly messagesPerS: number;
}

export interface ConnectionParts {
  readonly socket: Socket;
  readonly pool: SessionPool;
  readonly limits: ConnectionLimits;
  readonly clock: Clock;
  /** Calls `flush` soon, once for all output of this turn. */
  readonly flushSoon: (connection: Connection) => void;
  readonly limitHit: (limit: Limit) => void;
}

/** How long a closed connection may take to read the last answers. */
const LINGER_MS = 5_000;

/** A socket with its session: bytes become messages at the allowed rate, output goes out once a turn. */
export class Connection implements Wire {
  readonly session: Session;
  readonly #parts: ConnectionParts;
  readonly #lines: LineBuffer;
  readonly #bucket: TokenBucket;
  #output = '';
  #paused = false;
  #stopped = false;
  #closedAt: number | undefined;

  constructor(parts: ConnectionParts) {
    const { socket, pool, limits, clock } = parts;
    this.#parts = parts;
    this.#lines = new LineBuffer(limits.lineBytes);
    this.#bucket = new TokenBucket(limits.messagesBurst, limits.messagesPerS, clock.now());
    this.session = new Session(pool, this);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    // What happens to a stranger's socket is no fault of ours; `close` follows.
    socket.on('error', () => socket.destroy());
  }

  /** Once a second: reading goes on when the bucket has filled, and the session looks at its clock. */
  tick(): void {
    if (this.#closedAt === undefined && this.#paused && !this.#stopped) this.#resume();
    if (this.#closedAt === undefined) this.session.tick();
    else if (this.#parts.clock.now() >= this.#closedAt + LINGER_MS) this.#parts.socket.destroy();
  }

  /** For good: nothing that comes from now on is looked at. What is under way is answered. */
  stopReading(): void {
    this.#stopped = true;
    this.#parts.socket.pause();
  }

  send(text: string): void {
    if (this.#closedAt !== undefined) return;
    if (this.#output === '') this.#parts.flushSoon(this);
    this.#output += text;
  }

  flush(): void {
    const output = this.#output;
    this.#output = '';
    const { socket, limits } = this.#parts;
    if (output === '' || socket.destroyed) return;
    socket.write(output);
    if (socket.writableLength > limits.outputBytes) this.close('output');
  }

  /** What was sent before still goes out, unless the other side does not read. */
  close(limit?: Limit): void {
    if (this.#closedAt !== undefined) return;
    this.#closedAt = this.#parts.clock.now();
    if (limit !== undefined) this.#parts.limitHit(limit);
    this.flush();
    const { socket } = this.#parts;
    if (limit === 'output') socket.destroy();
    else socket.destroySoon();
  }

  #take(chunk: Buffer): void {
    if (this.#closedAt !== undefined) return;
    this.#lines.push(chunk);
    this.#drain();
  }

  #resume(): void {
    this.#paused = false;
    this.#drain();
    if (!this.#paused && this.#closedAt === undefined) this.#parts.socket.resume();
  }

  #drain(): void {
    const now = this.#parts.clock.now();
    while (this.#closedAt === undefined && !this.#stopped) {
      if (!this.#bucket.has(now)) return this.#pause();
      const next = this.#lines.next();
      if (next === 'incomplete') return;
      if (next === 'too-long') return this.close('line');
      this.#bucket.spend();
      this.session.receive(parseMessage(next.line));
    }
  }

  #pause(): void {
    this.#paused = true;
    this.#parts.limitHit('messages');
    this.#parts.socket.pause();
  }
}
