import { type Bus, connectNats, ensureStreams } from '@assay/shared/runtime/nats';
import { type Relay, startRelay } from '@assay/shared/runtime/outbox';
import type { ServiceContext } from '@assay/shared/runtime/service';
import type { Db } from 'mongodb';
import { setTimeout as wait } from 'node:timers/promises';
import { consumeFacts, type FactPorts } from './facts.ts';

export interface BusOptions {
  readonly url: string;
  /** Leave and reach this instance from then on. */
  readonly notes: readonly { connect(bus: Bus): Promise<void> | void }[];
  readonly facts: FactPorts & { handEventsTo(relay: Relay): void };
  /** Collections whose documents carry events. */
  readonly outboxes: readonly string[];
}

const RETRY_MS = 1_000;

/** Tells and hears facts and notes, as soon as NATS is there; waits for it as long as it takes. */
export async function joinBus(context: ServiceContext, db: Db, options: BusOptions): Promise<void> {
  const bus = await connectNats(context, { url: options.url });
  await ensureOwnStream(context, bus);
  options.facts.handEventsTo(startRelay(context, db, bus, options.outboxes));
  for (const note of options.notes) await note.connect(bus);
  consumeFacts(context, db, bus, options.facts);
}

/** It has to be there before the relay publishes the first event. */
async function ensureOwnStream(context: ServiceContext, bus: Bus): Promise<void> {
  for (;;) {
    try {
      return await ensureStreams(bus, context.name, ['MINT']);
    } catch (error) {
      // A server that begins to serve, or lost its leader: the events wait in the outboxes.
      context.log.warn({ err: error }, 'the stream MINT could not be made; trying again');
      await wait(RETRY_MS);
    }
  }
}
