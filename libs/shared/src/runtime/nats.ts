import { type EventName, type MessageOf } from '@assay/proto/catalogue';
import { type StreamDefinition, type StreamName, STREAMS } from '@assay/proto/streams';
import {
  DiscardPolicy,
  jetstream,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstreamManager,
  type PubAck,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { headers, type MsgHdrs, nanos, type NatsConnection } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import { setTimeout as wait } from 'node:timers/promises';
import type { UnixMs } from '../kernel/clock.ts';
import { catalogueEntry } from './outbox-entry.ts';
import type { ServiceContext } from './service.ts';
import { currentTrace, inSpan, type TraceContext, traceIdOf } from './telemetry.ts';

export interface Bus {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  /** Whether the connection stands at this moment. */
  connected(): boolean;
}

const PUBLISH_TIMEOUT_MS = 5_000;
const RETRY_MS = 1_000;
const STREAM_NAME_IN_USE = 10_058;

/** Connects, waiting for the server as long as it takes; reconnects for ever; drains at stage `nats`. */
export async function connectNats(context: ServiceContext, options: { url: string }): Promise<Bus> {
  const nc = await connect({
    servers: options.url.split(','),
    name: `${context.name}/${context.instance}`,
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
    reconnectJitter: 200,
    timeout: 5_000,
    pingInterval: 5_000,
    maxPingOut: 2,
    // A stack per publish and request costs more than the message.
    noAsyncTraces: true,
  });
  const state = { connected: true, stopping: false };
  context.onStop('nats', 'nats', async () => {
    state.stopping = true;
    await (state.connected ? nc.drain() : nc.close());
  });
  void watch(context, nc, state);
  const js = jetstream(nc, { timeout: PUBLISH_TIMEOUT_MS });
  // The check would ask the server, which may know no streams yet, or no leader of them.
  const jsm = await jetstreamManager(nc, { timeout: PUBLISH_TIMEOUT_MS, checkAPI: false });
  return { nc, js, jsm, connected: () => state.connected && !nc.isClosed() && !nc.isDraining() };
}

async function watch(context: ServiceContext, nc: NatsConnection, state: { connected: boolean; stopping: boolean }) {
  for await (const status of nc.status()) {
    if (status.type === 'disconnect') state.connected = false;
    if (status.type === 'reconnect') state.connected = true;
    if (status.type === 'disconnect' || status.type === 'reconnect' || status.type === 'error')
      context.log.warn({ status: status.type, stopping: state.stopping }, 'nats connection');
  }
  const error = await nc.closed();
  if (!state.stopping) context.failed(error ?? new Error('the NATS connection was closed'));
}

/** For readiness: whether NATS is connected now. */
export function natsReady(bus: Bus): boolean {
  return bus.connected();
}

/**
 * Creates the named streams as the catalogue says. A stream that exists with another definition is changed by its owner and
 * left alone by everybody else. Several services may do this at the same time.
 */
export async function ensureStreams(bus: Bus, service: string, names: readonly StreamName[]): Promise<void> {
  for (const name of new Set(names)) await ensureStream(bus.jsm, service, name, STREAMS[name]);
}

/** The same at a start: tries until the server, which may have no leader yet, made them or the connection was closed. */
export async function untilStreamsExist(
  context: ServiceContext,
  bus: Bus,
  names: readonly StreamName[],
): Promise<void> {
  while (!bus.nc.isClosed()) {
    try {
      return await ensureStreams(bus, context.name, names);
    } catch (error) {
      // A server that begins to serve, or lost its leader: the events wait in the outboxes.
      context.log.warn({ err: error, streams: names }, 'the streams could not be made; trying again');
      await wait(RETRY_MS);
    }
  }
}

async function ensureStream(
  jsm: JetStreamManager,
  service: string,
  name: StreamName,
  definition: StreamDefinition,
): Promise<void> {
  const wanted = streamConfig(name, definition);
  try {
    await jsm.streams.add(wanted);
    return;
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== STREAM_NAME_IN_USE) throw error;
  }
  const { config } = await jsm.streams.info(name);
  if (service === definition.owner && differs(config, wanted)) await jsm.streams.update(name, wanted);
}

type WantedConfig = Partial<StreamConfig> & { name: string; subjects: string[] };

function streamConfig(name: StreamName, definition: StreamDefinition): WantedConfig {
  return {
    name,
    subjects: [...definition.subjects],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    max_age: nanos(definition.maxAgeMs),
    max_bytes: definition.maxBytes,
    max_msg_size: definition.maxMessageBytes,
    discard: definition.discard === 'new' ? DiscardPolicy.New : DiscardPolicy.Old,
    duplicate_window: nanos(definition.dedupeMs),
    deny_delete: definition.denyDelete,
    deny_purge: definition.denyPurge,
  };
}

function differs(found: StreamConfig, wanted: WantedConfig): boolean {
  const current: Record<string, unknown> = { ...found };
  return Object.entries(wanted).some(([key, value]) => JSON.stringify(current[key] ?? false) !== JSON.stringify(value));
}

/** Publishes one event and waits for the PubAck. Facts that belong to a document go through its outbox instead. */
export async function publishEvent<Name extends EventName>(
  bus: Bus,
  event: Name,
  message: MessageOf<Name>,
  options: { trace?: TraceContext; id?: string; at?: UnixMs },
): Promise<void> {
  const { subject, codec, key } = catalogueEntry(event);
  await publishMessage(bus, {
    id: options.id ?? key(message),
    subject,
    body: codec.encode(message).finish(),
    ...(options.at === undefined ? {} : { at: options.at }),
    ...(options.trace === undefined ? {} : { trace: options.trace }),
  });
}

export interface OutgoingMessage {
  readonly id: string;
  readonly subject: string;
  readonly body: Uint8Array;
  readonly at?: number;
  readonly trace?: TraceContext;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One message in a span `publish <subject>` below its trace; the headers carry that span's context. */
export async function publishMessage(bus: Bus, message: OutgoingMessage): Promise<PubAck> {
  const attributes = {
    'messaging.system': 'nats',
    'messaging.operation.type': 'send',
    'messaging.destination.name': message.subject,
    'messaging.message.id': message.id,
  };
  return inSpan(`publish ${message.subject}`, { kind: 'producer', attributes, parent: message.trace }, () =>
    bus.js.publish(message.subject, message.body, { msgID: message.id, headers: headersOf(message) }),
  );
}

function headersOf(message: OutgoingMessage): MsgHdrs {
  const set = headers();
  for (const [name, value] of Object.entries(message.headers ?? {})) set.set(name, value);
  const trace = currentTrace() ?? message.trace;
  if (trace !== undefined) set.set('traceparent', trace.traceparent);
  if (trace?.tracestate !== undefined) set.set('tracestate', trace.tracestate);
  if (message.at !== undefined && !set.has('Assay-Occurred-At')) set.set('Assay-Occurred-At', String(message.at));
  return set;
}

/** Headers of a received message as plain text; of repeated ones the first. */
export function plainHeaders(set: MsgHdrs | undefined): Record<string, string> {
  return Object.fromEntries((set?.keys() ?? []).map((name) => [name, set?.get(name) ?? '']));
}

/** The W3C context of a received message. */
export function traceInHeaders(received: Readonly<Record<string, string>>): TraceContext | undefined {
  const { traceparent, tracestate } = received;
  if (traceparent === undefined || traceIdOf({ traceparent }) === '') return undefined;
  return tracestate === undefined || tracestate === '' ? { traceparent } : { traceparent, tracestate };
}
