import type { JsMsg } from '@nats-io/jetstream';
import { unixMs } from '../kernel/clock.ts';
import type { Disposition } from './consumer.ts';
import { type MessageEndings, messageIdOf } from './message-endings.ts';
import type { Arrival, Ended, RunMessage } from './message-runner.ts';
import { plainHeaders } from './nats.ts';
import type { ServiceContext } from './service.ts';
import type { TraceContext } from './telemetry.ts';
import type { WaitingMessages } from './waiting-messages.ts';

/** What the two sources of messages, stream and waiting messages, share. */
export interface ConsumerParts {
  readonly context: ServiceContext;
  readonly runner: RunMessage;
  readonly waiting: WaitingMessages;
  readonly endings: MessageEndings;
  readonly maxDeliver: number;
}

/** Carries messages of the stream to the handler and tells the server how they ended. */
export class StreamIntake {
  private readonly parts: ConsumerParts;

  constructor(parts: ConsumerParts) {
    this.parts = parts;
  }

  async take(message: JsMsg): Promise<void> {
    const { runner, context } = this.parts;
    const arrival = arrivalOf(message);
    try {
      const ended = await runner.run(arrival, (disposition, trace) => this.settle(arrival, disposition, trace));
      await this.conclude(message, arrival, ended);
    } catch (error) {
      // The effect is committed; only the server does not know it yet, and delivers once more.
      context.log.warn({ err: error, message: arrival.messageId }, 'a message could not be acked');
    }
  }

  private async settle(arrival: Arrival, disposition: Disposition, trace: TraceContext | undefined): Promise<void> {
    const { waiting, endings } = this.parts;
    if (disposition.do === 'poison' || disposition.do === 'dead-letter')
      await endings.refused(arrival, disposition, trace);
    if (disposition.do === 'wait')
      await waiting.put(arrival, disposition.code, disposition.delaysMs[arrival.attempt] ?? 0);
  }

  private async conclude(message: JsMsg, arrival: Arrival, ended: Ended): Promise<void> {
    const { runner, endings, maxDeliver } = this.parts;
    if (ended.end === 'given-up') return;
    if (ended.end === 'settled') {
      if (ended.disposition.do === 'poison') message.term(ended.disposition.code);
      else await message.ackAck();
      return;
    }
    if (arrival.deliveries < maxDeliver) return;
    const stored = await runner.outlasting(() => endings.failed(arrival, ended.error));
    if (stored) message.term('HANDLER_FAULT');
  }
}

function arrivalOf(message: JsMsg): Arrival {
  const headers = plainHeaders(message.headers);
  return {
    subject: message.subject,
    messageId: messageIdOf(headers, message.info.stream, message.info.streamSequence),
    headers,
    raw: message.data,
    deliveries: message.info.deliveryCount,
    attempt: 0,
    revision: 0,
    firstSeenAt: unixMs(message.time.getTime()),
  };
}
