import { ADMIN_COLLECTIONS, adminLog } from '@assay/shared/runtime/admin-log';
import { CONSUMER_COLLECTIONS } from '@assay/shared/runtime/consumer';
import { deadLetterStore } from '@assay/shared/runtime/dead-letters';
import { LEASES } from '@assay/shared/runtime/leases';
import { type CollectionDefinition, ensureCollections } from '@assay/shared/runtime/mongo';
import { requestIds } from '@assay/shared/runtime/request-ids';
import type { ServiceContext } from '@assay/shared/runtime/service';
import type { Db } from 'mongodb';
import { catchUpQuote } from '../../flows/catch-up-quote.ts';
import { CONTROL, INSTANCES } from './control-document.ts';
import { mongoControl } from './control.ts';
import { FUNDS } from './fund-document.ts';
import { mongoFunds } from './funds.ts';
import { GRANTS, mongoGrants } from './grants.ts';
import { OPERATIONS } from './operation-document.ts';
import { mongoOperations } from './operations.ts';
import { mongoProjection } from './projection.ts';
import { QUOTES } from './quote-document.ts';
import { mongoQuoteReader } from './quote-reader.ts';
import { mongoQuotes } from './quotes.ts';
import { mongoStoredStates } from './stored-states.ts';
import { mongoSupplyCounters } from './supply-counters.ts';
import { SUPPLY, SUPPLY_CHUNKS, SUPPLY_CUTS } from './supply-document.ts';
import { mongoSupplyHistory } from './supply-history.ts';

const COLLECTIONS: readonly CollectionDefinition[] = [
  ...[QUOTES, OPERATIONS, SUPPLY, SUPPLY_CHUNKS, SUPPLY_CUTS, FUNDS, GRANTS, CONTROL, INSTANCES, LEASES],
  ...CONSUMER_COLLECTIONS,
  ...ADMIN_COLLECTIONS,
];

/** Collections whose documents carry events. */
export const OUTBOX_COLLECTIONS = [QUOTES.name, OPERATIONS.name, FUNDS.name, CONTROL.name];

/** Everything that the mint stores, ready to use, and the clock by which it is stored. */
export async function mongoStores(context: ServiceContext, db: Db) {
  await ensureCollections(db, COLLECTIONS);
  const { clock } = context;
  const quotes = mongoQuotes(db);
  const quoteReader = mongoQuoteReader(db);
  const projection = mongoProjection(db);
  const rebuild = (naturalKey: string) => catchUpQuote({ quotes, steps: projection.steps, clock }, naturalKey);
  return {
    clock,
    quotes,
    quoteStore: quotes,
    payable: quoteReader,
    reader: { ...quoteReader, rebuild },
    operations: mongoOperations(db, clock),
    ...projection,
    counters: mongoSupplyCounters(db),
    history: mongoSupplyHistory(db),
    states: mongoStoredStates(db),
    letters: deadLetterStore(db, context.name),
    funds: mongoFunds(db, clock),
    grants: mongoGrants(db),
    log: adminLog(db),
    requestIds: requestIds(db, clock),
    controlStore: await mongoControl(context, db),
  };
}
