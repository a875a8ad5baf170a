import { CATALOGUE, type Codec, type EventName, type MessageOf } from '@assay/proto/catalogue';
import type { UnixMs } from '../kernel/clock.ts';
import type { TraceContext } from './telemetry.ts';

/** An event that is committed with its document and not yet on the bus. */
export interface OutboxEntry {
  /** `Nats-Msg-Id` */
  id: string;
  event: EventName;
  body: Uint8Array;
  /** When the fact occurred. */
  at: Date;
  trace?: TraceContext;
}

/** A message that is no catalogue event and goes to a subject as it is: the DLQ copy of a dead letter. */
export interface RawOutboxEntry {
  id: string;
  subject: string;
  headers: Record<string, string>;
  body: Uint8Array;
  at: Date;
  trace?: TraceContext;
}

/** An index on `outbox.0` would hold every document and whole events. */
export const OUTBOX_INDEX = {
  name: 'outbox_at',
  keys: { 'outbox.0.at': 1 },
  where: { 'outbox.0': { $exists: true } },
} as const;

/** For reads of documents that carry an outbox: its events are for the relay alone. */
export const WITHOUT_OUTBOX = { projection: { outbox: 0 } } as const;

/** `$jsonSchema` of the field `outbox`. */
export const OUTBOX_SCHEMA = {
  bsonType: 'array',
  maxItems: 1_000,
  items: {
    bsonType: 'object',
    required: ['id', 'body', 'at'],
    properties: {
      id: { bsonType: 'string', minLength: 1, maxLength: 512 },
      event: { bsonType: 'string' },
      subject: { bsonType: 'string' },
      headers: { bsonType: 'object' },
      body: { bsonType: 'binData' },
      at: { bsonType: 'date' },
      trace: { bsonType: 'object' },
    },
  },
} as const;

/**
 * The event as it is stored beside the state it tells about.
 * @param id the catalogue's key of the message unless given (with a `:rK` suffix when the same fact is told again).
 */
export function outboxEntry<Name extends EventName>(
  event: Name,
  message: MessageOf<Name>,
  at: UnixMs,
  trace?: TraceContext,
  id?: string,
): OutboxEntry {
  const { codec, key } = catalogueEntry(event);
  const stored = { id: id ?? key(message), event, body: codec.encode(message).finish(), at: new Date(at) };
  return trace === undefined ? stored : { ...stored, trace };
}

interface TypedEntry<Message> {
  readonly subject: string;
  readonly codec: Codec<Message>;
  readonly key: (message: Message) => string;
}

/** The catalogue's entry, typed by its name. */
export function catalogueEntry<Name extends EventName>(event: Name): TypedEntry<MessageOf<Name>> {
  // A table indexed by a type parameter is a union to the compiler; the name fixes its member.
  const entry: unknown = CATALOGUE[event];
  return entry as TypedEntry<MessageOf<Name>>;
}
