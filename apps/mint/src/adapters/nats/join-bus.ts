import { type Bus, connectNats, untilStreamsExist } from '@assay/shared/runtime/nats';
import { type Relay, startRelay } from '@assay/shared/runtime/outbox';
import type { ServiceContext } from '@assay/shared/runtime/service';
import type { Db } from 'mongodb';
import { consumeFacts, type FactPorts } from './facts.ts';

export interface BusOptions {
  readonly url: string;
  /** Leave and reach this instance from then on. */
  readonly notes: readonly { connect(bus: Bus): Promise<void> | void }[];
  readonly facts: FactPorts & { handEventsTo(relay: Relay): void };
  /** Collections whose documents carry events. */
  readonly outboxes: readonly string[];
}

/** Tells and hears facts and notes, as soon as NATS is there; waits for it as long as it takes. */
export async function joinBus(context: ServiceContext, db: Db, options: BusOptions): Promise<void> {
  const bus = await connectNats(context, { url: options.url });
  await untilStreamsExist(context, bus, ['MINT']);
  options.facts.handEventsTo(startRelay(context, db, bus, options.outboxes));
  for (const note of options.notes) await note.connect(bus);
  consumeFacts(context, db, bus, options.facts);
}
