import {
  AckPolicy,
  type Consumer,
  type ConsumerConfig,
  type ConsumerMessages,
  DeliverPolicy,
  JetStreamApiError,
  type JsMsg,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/nats-core';
import { setTimeout as wait } from 'node:timers/promises';
import type { Bus } from './nats.ts';
import type { ServiceContext } from './service.ts';

const ACK_WAIT_MS = 30_000;
const WORKING_EVERY_MS = 10_000;
const ACK_PENDING_MAX = 256;
const FETCH_EXPIRES_MS = 2_000;
const PROBE_MS = 1_000;
const STOP_GRACE_MS = 8_000;
const CONSUMER_EXISTS = 10_148;

export interface PullOptions {
  readonly stream: string;
  readonly durable: string;
  readonly subjects: readonly string[];
  readonly concurrency: number;
  readonly maxDeliver: number;
  /** While true nothing is pulled, and nothing that was pulled is begun. */
  paused(): boolean;
  /** Run before the consumer is created, and again after each failure to pull. */
  prepare(): Promise<void>;
  /** Ends the message by itself (`ackAck`, `term`), or leaves it to be delivered again after the ack wait. Must not throw. */
  handle(message: JsMsg): Promise<void>;
}

/**
 * A durable pull consumer: explicit acks, ack wait 30 s, no `backoff` (it would replace the ack wait by its first entry), at
 * most 256 unacked. It holds twice as many messages as it works on, and says `working` for all of them each 10 s.
 */
export class PullLoop {
  private readonly context: ServiceContext;
  private readonly bus: Bus;
  private readonly options: PullOptions;
  private readonly held = new Set<JsMsg>();
  private readonly queue: JsMsg[] = [];
  private readonly keepAlive: NodeJS.Timeout;
  private working = 0;
  private stopped = false;
  private fetching: ConsumerMessages | undefined;
  private readonly waiters = new Set<() => void>();
  private readonly ended: Promise<void>;

  constructor(context: ServiceContext, bus: Bus, options: PullOptions) {
    this.context = context;
    this.bus = bus;
    this.options = options;
    this.keepAlive = setInterval(() => this.sayWorking(), WORKING_EVERY_MS);
    this.ended = this.run();
  }

  /** Pulls no more, ends what was pulled as far as the time allows; the rest is delivered again. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.fetching?.close();
    this.changed();
    await this.ended;
    const deadline = performance.now() + STOP_GRACE_MS;
    while (this.held.size > 0 && !this.options.paused() && performance.now() < deadline) await this.change(100);
    this.queue.length = 0;
    clearInterval(this.keepAlive);
  }

  private sayWorking(): void {
    // On a connection that is closed for good the client throws, and nobody would catch it here.
    if (this.bus.connected()) for (const message of this.held) message.working();
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        const consumer = await this.ensureConsumer();
        while (!this.stopped) await this.fetch(consumer);
      } catch (error) {
        if (this.stopped) return;
        this.context.log.warn({ err: error, durable: this.options.durable }, 'messages cannot be pulled');
        await wait(PROBE_MS);
      }
    }
  }

  private async ensureConsumer(): Promise<Consumer> {
    const { stream, durable } = this.options;
    const wanted = consumerConfig(this.options);
    await this.options.prepare();
    try {
      await this.bus.jsm.consumers.add(stream, wanted);
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.code !== CONSUMER_EXISTS) throw error;
      await this.bus.jsm.consumers.update(stream, durable, wanted);
    }
    return this.bus.js.consumers.get(stream, durable);
  }

  private async fetch(consumer: Consumer): Promise<void> {
    const capacity = Math.min(ACK_PENDING_MAX, 2 * this.options.concurrency);
    while (!this.stopped && (this.options.paused() || this.held.size > capacity / 2)) await this.change(PROBE_MS);
    if (this.stopped) return;
    const max_messages = capacity - this.held.size;
    this.fetching = await consumer.fetch({ max_messages, expires: FETCH_EXPIRES_MS });
    for await (const message of this.fetching) {
      this.held.add(message);
      this.queue.push(message);
      this.begin();
    }
  }

  private begin(): void {
    while (this.working < this.options.concurrency) {
      const message = this.queue.shift();
      if (message === undefined) return;
      this.working += 1;
      void this.work(message).finally(() => {
        this.working -= 1;
        this.held.delete(message);
        this.begin();
        this.changed();
      });
    }
  }

  private async work(message: JsMsg): Promise<void> {
    while (this.options.paused()) {
      if (this.stopped) return;
      await this.change(PROBE_MS);
    }
    await this.options.handle(message);
  }

  /** Waits until a message has ended, at most `ms`. */
  private async change(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const over = () => {
        clearTimeout(timer);
        this.waiters.delete(over);
        resolve();
      };
      const timer = setTimeout(over, ms);
      this.waiters.add(over);
    });
  }

  private changed(): void {
    for (const over of [...this.waiters]) over();
  }
}

function consumerConfig(options: PullOptions): Partial<ConsumerConfig> {
  return {
    name: options.durable,
    durable_name: options.durable,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(ACK_WAIT_MS),
    max_deliver: options.maxDeliver,
    max_ack_pending: ACK_PENDING_MAX,
    filter_subjects: [...options.subjects],
  };
}
