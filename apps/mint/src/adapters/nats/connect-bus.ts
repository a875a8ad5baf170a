import { type Bus, connectNats, ensureStreams } from '@assay/shared/runtime/nats';
import type { ServiceContext } from '@assay/shared/runtime/service';
import { setTimeout as wait } from 'node:timers/promises';

const RETRY_MS = 1_000;

/**
 * NATS with the stream of our own events, which has to be there before the relay publishes the first one.
 * @param notes that leave and reach this instance from then on.
 */
export async function connectBus(
  context: ServiceContext,
  url: string,
  notes: readonly { connect(bus: Bus): Promise<void> | void }[],
): Promise<Bus> {
  const bus = await connectNats(context, { url });
  for (;;) {
    try {
      await ensureStreams(bus, context.name, ['MINT']);
      break;
    } catch (error) {
      // A server that begins to serve, or lost its leader: the events wait in the outboxes.
      context.log.warn({ err: error }, 'the stream MINT could not be made; trying again');
      await wait(RETRY_MS);
    }
  }
  for (const note of notes) await note.connect(bus);
  return bus;
}
