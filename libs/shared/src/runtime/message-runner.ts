import type { EventName, MessageOf } from '@assay/proto/catalogue';
import type { Db } from 'mongodb';
import { setTimeout as wait } from 'node:timers/promises';
import type { UnixMs } from '../kernel/clock.ts';
import { isAway } from './away.ts';
import type { ConsumeOptions, Delivery, Disposition } from './consumer.ts';
import { counter } from './metrics.ts';
import { databaseReady } from './mongo.ts';
import { type Bus, traceInHeaders } from './nats.ts';
import { catalogueEntry } from './outbox-entry.ts';
import { repeatedWarning } from './repeated-warning.ts';
import type { ServiceContext } from './service.ts';
import { currentTrace, inSpan, type TraceContext } from './telemetry.ts';

/** A message to be handled, whether it came from its stream or from the waiting messages. */
export interface Arrival {
  readonly subject: string;
  readonly messageId: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly raw: Uint8Array;
  /** Of the stream and of the scheduler together. */
  readonly deliveries: number;
  /** How often it has waited. */
  readonly attempt: number;
  /** How often it was replayed from the dead letters. */
  readonly revision: number;
  readonly firstSeenAt: UnixMs;
}

/** How a message ended here: decided and committed, at fault, or kept by an outage until the service stopped. */
export type Ended =
  | { readonly end: 'settled'; readonly disposition: Disposition }
  | { readonly end: 'fault'; readonly error: unknown }
  | { readonly end: 'given-up' };

/** Commits what follows from a disposition; `trace` is that of the `process` span. */
export type Settle = (disposition: Disposition, trace: TraceContext | undefined) => Promise<void>;

const PROBE_MS = 1_000;
/** A fault that says "away" while all is in reach is believed for five minutes. */
const EXCUSES_MAX = 300;

const handled = counter('assay_consumer_messages_total', 'Messages by how their handling ended', {
  durable: 'open',
  outcome: ['ack', 'poison', 'dead-letter', 'wait', 'fault', 'given-up'],
});

/** What the sources of messages need of the runner. */
export type RunMessage = Pick<MessageRunner<EventName>, 'run' | 'outlasting'>;

/**
 * Runs the handler of one durable consumer. An outage of the database or of NATS is no attempt: the message is kept, the
 * outage is probed each second, and the handler runs again.
 */
export class MessageRunner<Name extends EventName> {
  private readonly context: ServiceContext;
  private readonly db: Db;
  private readonly bus: Bus;
  private readonly options: ConsumeOptions<Name>;
  private readonly events: ReadonlyMap<string, Name>;
  private readonly warnKept: (fields: object) => void;
  private stopped = false;

  constructor(context: ServiceContext, db: Db, bus: Bus, options: ConsumeOptions<Name>) {
    this.context = context;
    this.db = db;
    this.bus = bus;
    this.options = options;
    this.warnKept = repeatedWarning(context.log, 'messages are kept over an outage');
    this.events = new Map(options.events.map((event) => [catalogueEntry(event).subject, event]));
  }

  /** What an outage keeps is given up from now on. */
  stop(): void {
    this.stopped = true;
  }

  async run(arrival: Arrival, settle: Settle): Promise<Ended> {
    const ended = await this.withoutOutages(() => this.handleAndSettle(arrival, settle));
    const outcome = ended.end === 'settled' ? ended.disposition.do : ended.end;
    handled.add({ durable: this.options.durable, outcome });
    if (ended.end === 'fault')
      this.context.log.error(
        { err: ended.error, durable: this.options.durable, message: arrival.messageId, deliveries: arrival.deliveries },
        'a message could not be handled',
      );
    return ended;
  }

  /** Does `work`, waiting for outages. False when the service stopped before they were over. */
  async outlasting(work: () => Promise<void>): Promise<boolean> {
    const ended = await this.withoutOutages(async () => {
      await work();
      return { do: 'ack' };
    });
    if (ended.end === 'fault') throw ended.error;
    return ended.end === 'settled';
  }

  /** Runs `work` again after each outage, until it succeeds, fails for another reason, or the service stops. */
  private async withoutOutages(work: () => Promise<Disposition>): Promise<Ended> {
    for (let excuses = 0; ; excuses += 1) {
      try {
        return { end: 'settled', disposition: await work() };
      } catch (error) {
        const excused = excuses < EXCUSES_MAX && isAway(error);
        if (!(await this.outlastOutage()) && !excused) return { end: 'fault', error };
        if (this.stopped) return { end: 'given-up' };
        this.warnKept({ err: error, durable: this.options.durable });
        await wait(PROBE_MS);
      }
    }
  }

  /** True when something was out of reach; returns when all is back. */
  private async outlastOutage(): Promise<boolean> {
    for (let probes = 0; ; probes += 1) {
      if (this.bus.connected() && (await databaseReady(this.db))) return probes > 0;
      if (this.stopped) return true;
      await wait(PROBE_MS);
    }
  }

  private handleAndSettle(arrival: Arrival, settle: Settle): Promise<Disposition> {
    const parent = traceInHeaders(arrival.headers);
    const attributes = {
      'messaging.system': 'nats',
      'messaging.operation.type': 'process',
      'messaging.destination.name': arrival.subject,
      'messaging.message.id': arrival.messageId,
      'messaging.consumer.group.name': this.options.durable,
      'assay.deliveries': arrival.deliveries,
      'assay.attempt': arrival.attempt,
    };
    return inSpan(`process ${arrival.subject}`, { kind: 'consumer', parent, attributes }, async () => {
      const trace = currentTrace() ?? parent;
      const disposition = exhausted(await this.handle(arrival, trace), arrival.attempt);
      await settle(disposition, trace);
      return disposition;
    });
  }

  private async handle(arrival: Arrival, trace: TraceContext | undefined): Promise<Disposition> {
    const { subject, messageId, raw, deliveries, attempt } = arrival;
    const event = this.events.get(subject);
    if (event === undefined) return { do: 'poison', code: 'SUBJECT_UNKNOWN', error: subject };
    const message = decoded(event, raw);
    if (message === undefined) return { do: 'poison', code: 'UNDECODABLE' };
    const delivery: Delivery<Name> = { event, message, raw, subject, messageId, deliveries, trace, attempt };
    return this.options.handle(delivery);
  }
}

function decoded<Name extends EventName>(event: Name, raw: Uint8Array): MessageOf<Name> | undefined {
  try {
    return catalogueEntry(event).codec.decode(raw);
  } catch {
    // Whatever the decoder says, it is not a message of this type: poison.
    return undefined;
  }
}

/** The wait after the last delay is a dead letter. */
function exhausted(disposition: Disposition, attempt: number): Disposition {
  if (disposition.do !== 'wait' || attempt < disposition.delaysMs.length) return disposition;
  return { do: 'dead-letter', class: disposition.class, code: disposition.code, error: `waited ${attempt} times` };
}
