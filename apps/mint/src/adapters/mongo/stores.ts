import { ADMIN_COLLECTIONS, adminLog } from '@assay/shared/runtime/admin-log';
import { CONSUMER_COLLECTIONS } from '@assay/shared/runtime/consumer';
import { deadLetterStore } from '@assay/shared/runtime/dead-letters';
import { LEASES } from '@assay/shared/runtime/leases';
import { type CollectionDefinition, ensureCollections } from '@assay/shared/runtime/mongo';
import { requestIds } from '@assay/shared/runtime/request-ids';
import type { OutboxEntry, Relay } from '@assay/shared/runtime/outbox';
import type { ServiceContext } from '@assay/shared/runtime/service';
import type { Db } from 'mongodb';
import {
  announcedMeltQuotes,
  announcedMelts,
  announcedOperations,
  announcedQuotes,
} from '../../flows/announce-changes.ts';
import { catchUpQuote } from '../../flows/catch-up-quote.ts';
import type { ChangeNotes } from '../../subscription-ports.ts';
import { CONTROL, INSTANCES } from './control-document.ts';
import { mongoControl } from './control.ts';
import { FUNDS } from './fund-document.ts';
import { mongoFundedQuotes } from './funded-quotes.ts';
import { mongoFunds } from './funds.ts';
import { MELT_QUOTES } from './melt-quote-document.ts';
import { mongoMeltQuotes } from './melt-quotes.ts';
import { mongoMelts } from './melts.ts';
import { GRANTS, mongoGrants } from './grants.ts';
import { OPERATIONS } from './operation-document.ts';
import { mongoOperations, mongoWatchedOperations } from './operations.ts';
import { mongoProjection } from './projection.ts';
import { QUOTES } from './quote-document.ts';
import { mongoQuoteFeed } from './quote-feed.ts';
import { mongoQuoteReader } from './quote-reader.ts';
import { mongoQuotes } from './quotes.ts';
import { mongoRotations, ROTATIONS } from './rotations.ts';
import { mongoStoredStates } from './stored-states.ts';
import { mongoSupplyCounters } from './supply-counters.ts';
import { SUPPLY, SUPPLY_CHUNKS, SUPPLY_CUTS } from './supply-document.ts';
import { mongoSupplyHistory } from './supply-history.ts';

const COLLECTIONS: readonly CollectionDefinition[] = [
  ...[
    QUOTES,
    OPERATIONS,
    MELT_QUOTES,
    SUPPLY,
    SUPPLY_CHUNKS,
    SUPPLY_CUTS,
    FUNDS,
    GRANTS,
    ROTATIONS,
    CONTROL,
    INSTANCES,
    LEASES,
  ],
  ...CONSUMER_COLLECTIONS,
  ...ADMIN_COLLECTIONS,
];

/** Collections whose documents carry events. */
export const OUTBOX_COLLECTIONS = [QUOTES.name, OPERATIONS.name, FUNDS.name, ROTATIONS.name, CONTROL.name];

const UNTOLD = { tell: () => undefined };

/** Everything that the mint stores, ready to use, and the clock by which it is stored; what changes is told to `notes`. */
export async function mongoStores(context: ServiceContext, db: Db, notes: Pick<ChangeNotes, 'tell'> = UNTOLD) {
  await ensureCollections(db, COLLECTIONS);
  const { clock } = context;
  const quotes = announcedQuotes(mongoQuotes(db), notes);
  const quoteReader = mongoQuoteReader(db);
  const projection = mongoProjection(db);
  let relay: Relay | undefined;
  const handOver = (opId: string, event: OutboxEntry) => relay?.committed(OPERATIONS.name, opId, event);
  const rebuild = (naturalKey: string) => catchUpQuote({ quotes, steps: projection.steps, clock }, naturalKey);
  return {
    clock,
    quotes,
    quoteStore: quotes,
    payable: quoteReader,
    reader: { ...quoteReader, rebuild },
    operations: announcedOperations(mongoOperations(db, clock, handOver), notes),
    watchedOperations: mongoWatchedOperations(db),
    melts: announcedMelts(mongoMelts(db, clock), notes, clock),
    meltQuotes: announcedMeltQuotes(mongoMeltQuotes(db), notes),
    ...projection,
    feed: mongoQuoteFeed(db),
    counters: mongoSupplyCounters(db),
    history: mongoSupplyHistory(db),
    states: mongoStoredStates(db),
    letters: deadLetterStore(db, context.name),
    funds: mongoFunds(db, clock),
    fundedQuotes: mongoFundedQuotes(db),
    grants: mongoGrants(db),
    rotations: mongoRotations(db),
    log: adminLog(db),
    requestIds: requestIds(db, clock),
    controlStore: await mongoControl(context, db),
    /** From now on the events of operations go out without being read back. */
    handEventsTo: (started: Relay) => void (relay = started),
  };
}
