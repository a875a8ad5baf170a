import { CATALOGUE, type EventName, type MessageOf } from '@assay/proto/catalogue';
import type { StreamName } from '@assay/proto/streams';
import type { Db } from 'mongodb';
import { assert } from '../kernel/assert.ts';
import { DEAD_LETTERS, type DeadLetterClassName, deadLetterStore } from './dead-letters.ts';
import { followExhausted } from './exhausted-deliveries.ts';
import { MessageEndings } from './message-endings.ts';
import { MessageRunner } from './message-runner.ts';
import type { CollectionDefinition } from './mongo.ts';
import { type Bus, ensureStreams } from './nats.ts';
import { catalogueEntry } from './outbox-entry.ts';
import { PullLoop } from './pull-loop.ts';
import type { ServiceContext } from './service.ts';
import { StreamIntake } from './stream-intake.ts';
import type { TraceContext } from './telemetry.ts';
import { WAITING_MESSAGES, WaitingMessages } from './waiting-messages.ts';
import { WaitingScheduler } from './waiting-scheduler.ts';

/** What becomes of a message after `handle` committed its effect. */
export type Disposition =
  | { do: 'ack' }
  /** The content can never be accepted. */
  | { do: 'poison'; code: string; error?: string }
  | { do: 'dead-letter'; class: DeadLetterClassName; code: string; error?: string }
  /** Something has to come first: again after `delaysMs[attempt]` ± 10 %; after the last one a dead letter of `class`. */
  | { do: 'wait'; code: string; delaysMs: readonly number[]; class: DeadLetterClassName };

export interface Delivery<Name extends EventName> {
  readonly event: Name;
  readonly message: MessageOf<Name>;
  readonly raw: Uint8Array;
  readonly subject: string;
  readonly messageId: string;
  /** This one included. */
  readonly deliveries: number;
  /** Of the `process` span. */
  readonly trace: TraceContext | undefined;
  /** How often the message has waited. */
  readonly attempt: number;
}

export interface ConsumeOptions<Name extends EventName> {
  readonly durable: string;
  /** All of one stream. */
  readonly events: readonly Name[];
  readonly concurrency: number;
  readonly maxDeliver?: number;
  /** While true nothing is pulled and nothing that was pulled is begun. */
  readonly paused?: () => boolean;
  readonly handle: (delivery: Delivery<Name>) => Promise<Disposition>;
}

/** Collections that a service with a consumer has. */
export const CONSUMER_COLLECTIONS: readonly CollectionDefinition[] = [DEAD_LETTERS, WAITING_MESSAGES];

const DELIVERIES_MAX = 20;

/**
 * Handles the named events with a durable consumer that all instances of the service share. `handle` commits, then the message
 * is acked and the server's answer awaited: a repeat finds the effect in the database. A fault is no answer: the message comes
 * again after the ack wait, and at the last delivery becomes a dead letter ERROR. An outage of the database or of NATS costs
 * no attempt. What has to wait waits in `waitingMessages`. Ends at stage `consumers`.
 */
export function consume<Name extends EventName>(
  context: ServiceContext,
  db: Db,
  bus: Bus,
  options: ConsumeOptions<Name>,
): void {
  const { durable, concurrency } = options;
  const stream = streamOf(options.events);
  const maxDeliver = options.maxDeliver ?? DELIVERIES_MAX;
  const paused = () => options.paused?.() ?? false;
  const prepare = () => ensureStreams(bus, context.name, [stream, 'ADVISORY', 'DLQ']);
  const runner = new MessageRunner(context, db, bus, options);
  const waiting = new WaitingMessages(db, durable, context.clock);
  const endings = new MessageEndings(deadLetterStore(db, context.name), durable, context.clock);
  const parts = { context, runner, waiting, endings, maxDeliver };
  const scheduler = new WaitingScheduler(parts, { durable, concurrency, paused });
  const intake = new StreamIntake(parts);
  const pull = new PullLoop(context, bus, {
    stream,
    durable,
    subjects: options.events.map((event) => catalogueEntry(event).subject),
    concurrency,
    maxDeliver,
    paused,
    prepare,
    handle: (message) => intake.take(message),
  });
  const exhausted = followExhausted(context, bus, { stream, durable, prepare }, (message) =>
    endings.exhausted(message),
  );
  context.onStop('consumers', durable, async () => {
    runner.stop();
    await Promise.all([pull.stop(), scheduler.stop(), exhausted.stop()]);
  });
}

function streamOf(events: readonly EventName[]): StreamName {
  const streams = [...new Set(events.map((event) => CATALOGUE[event].stream))];
  const [stream] = streams;
  assert(stream !== undefined && streams.length === 1, `a consumer reads one stream: ${events.join(', ')}`);
  return stream;
}
