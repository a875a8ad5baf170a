import type { EventName, MessageOf } from '@assay/proto/catalogue';
import type { Db } from 'mongodb';
import type { DeadLetterClassName } from './dead-letters.ts';
import type { Bus } from './nats.ts';
import type { ServiceContext } from './service.ts';
import type { TraceContext } from './telemetry.ts';

/** What becomes of a message after `handle` committed its effect. */
export type Disposition =
  | { do: 'ack' }
  /** The content can never be accepted. */
  | { do: 'poison'; code: string; error?: string }
  | { do: 'dead-letter'; class: DeadLetterClassName; code: string; error?: string }
  /** Something has to come first: again after `delaysMs[attempt]`; after the last one a dead letter of `class`. */
  | { do: 'wait'; code: string; delaysMs: readonly number[]; class: DeadLetterClassName };

export interface Delivery<Name extends EventName> {
  readonly event: Name;
  readonly message: MessageOf<Name>;
  readonly raw: Uint8Array;
  readonly subject: string;
  readonly messageId: string;
  readonly deliveries: number;
  /** Of the `process` span. */
  readonly trace: TraceContext | undefined;
  /** How often the message has waited. */
  readonly attempt: number;
}

export interface ConsumeOptions<Name extends EventName> {
  readonly durable: string;
  readonly events: readonly Name[];
  readonly concurrency: number;
  readonly maxDeliver?: number;
  /** While true nothing is pulled and nothing that was pulled is handled. */
  paused?(): boolean;
  handle(delivery: Delivery<Name>): Promise<Disposition>;
}

export function consume<Name extends EventName>(
  context: ServiceContext,
  db: Db,
  bus: Bus,
  options: ConsumeOptions<Name>,
): void {
  throw new Error(`not there yet: ${context.name} ${db.databaseName} ${bus.nc.getServer()} ${options.durable}`);
}
