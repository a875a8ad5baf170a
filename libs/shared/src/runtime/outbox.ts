import type { Db } from 'mongodb';
import type { Bus } from './nats.ts';
import type { ServiceContext } from './service.ts';

export { OUTBOX_SCHEMA, outboxEntry, type OutboxEntry } from './outbox-entry.ts';

export interface Relay {
  /** Something was committed: look now instead of at the next poll. */
  wake(): void;
}

export function startRelay(context: ServiceContext, db: Db, bus: Bus, collections: readonly string[]): Relay {
  throw new Error(`not there yet: ${context.name} ${db.databaseName} ${bus.nc.getServer()} ${collections.join()}`);
}
