import type { Db } from 'mongodb';
import { holdLease } from '@assay/shared/runtime/leases';
import type { ServiceContext } from '@assay/shared/runtime/service';

const MAKER_MS = 3_000;
const OTHERS_MS = 15_000;

/** Tries for the leases of the template maker, the block tracker and the sweeper, as long as the service runs. */
export function holdLeases(context: ServiceContext, db: Db) {
  const maker = holdLease(context, db, { name: 'template-maker', ttlMs: MAKER_MS });
  const tracker = holdLease(context, db, { name: 'block-tracker', ttlMs: OTHERS_MS });
  const sweeper = holdLease(context, db, { name: 'sweeper', ttlMs: OTHERS_MS });
  return {
    mayMake: () => maker.token() !== undefined,
    isTracker: () => tracker.token() !== undefined,
    isSweeper: () => sweeper.token() !== undefined,
  };
}
