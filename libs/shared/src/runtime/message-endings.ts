import { stackOf } from '../kernel/fault-text.ts';
import { toHex } from '../kernel/bytes.ts';
import { type Clock, unixMs, type UnixMs } from '../kernel/clock.ts';
import { sha256 } from '../kernel/hash.ts';
import type { Disposition } from './consumer.ts';
import type { DeadLetterClassName, DeadLetterStore } from './dead-letters.ts';
import type { ExhaustedMessage } from './exhausted-deliveries.ts';
import type { Arrival } from './message-runner.ts';
import { plainHeaders, traceInHeaders } from './nats.ts';
import type { TraceContext } from './telemetry.ts';

/** Dispositions that end a message as a dead letter. */
export type DeadDisposition = Extract<Disposition, { do: 'poison' | 'dead-letter' }>;

interface Cause {
  readonly class: DeadLetterClassName;
  readonly code: string;
  readonly error?: string;
}

/** Writes the dead letters of one durable consumer. */
export class MessageEndings {
  private readonly letters: DeadLetterStore;
  private readonly durable: string;
  private readonly clock: Clock;

  constructor(letters: DeadLetterStore, durable: string, clock: Clock) {
    this.letters = letters;
    this.durable = durable;
    this.clock = clock;
  }

  async refused(arrival: Arrival, disposition: DeadDisposition, trace: TraceContext | undefined): Promise<void> {
    const { code, error } = disposition;
    const kind = disposition.do === 'poison' ? 'POISON' : disposition.class;
    await this.record(arrival, { class: kind, code, ...(error === undefined ? {} : { error }) }, trace);
  }

  /** The handler failed at the last delivery. */
  async failed(arrival: Arrival, error: unknown): Promise<void> {
    const cause: Cause = { class: 'ERROR', code: 'HANDLER_FAULT', error: stackOf(error) };
    await this.record(arrival, cause, traceInHeaders(arrival.headers));
  }

  /** It was begun as often as allowed and never ended: each run crashed its process. */
  async crashed(arrival: Arrival): Promise<void> {
    const cause: Cause = { class: 'ERROR', code: 'MAX_DELIVERIES', error: 'no run of the handler came to an end' };
    await this.record(arrival, cause, traceInHeaders(arrival.headers));
  }

  /** What the server gave up to deliver; the worker may have written the letter already. */
  async exhausted({ stream, sequence, deliveries, stored }: ExhaustedMessage): Promise<void> {
    const headers = plainHeaders(stored?.header);
    const firstSeenAt: UnixMs = stored === undefined ? this.clock.now() : unixMs(stored.time.getTime());
    const place = { subject: stored?.subject ?? stream, messageId: messageIdOf(headers, stream, sequence), headers };
    const raw = stored?.data ?? new Uint8Array();
    await this.crashed({ ...place, raw, deliveries, attempt: 0, revision: 0, firstSeenAt });
  }

  private async record(arrival: Arrival, cause: Cause, trace: TraceContext | undefined): Promise<void> {
    const { subject, messageId, headers, raw, deliveries, revision, firstSeenAt } = arrival;
    await this.letters.record({
      ...cause,
      id: cause.class === 'POISON' ? `poison:${toHex(sha256(raw))}` : `${this.durable}/${messageId}#${revision}`,
      durable: this.durable,
      lastSeenAt: this.clock.now(),
      ...{ subject, messageId, headers, raw, deliveries, revision, firstSeenAt },
      ...(trace === undefined ? {} : { trace }),
    });
  }
}

/** `Nats-Msg-Id`, or the place in the stream of a message without one. */
export function messageIdOf(headers: Readonly<Record<string, string>>, stream: string, sequence: number): string {
  return headers['Nats-Msg-Id'] ?? `${stream}:${sequence}`;
}
