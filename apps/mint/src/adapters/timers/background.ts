import { adminLogCheck, watchAdminLog } from '@assay/shared/runtime/admin-log-check';
import { watchDeadLetters } from '@assay/shared/runtime/dead-letter-gauge';
import type { DeadLetterStore } from '@assay/shared/runtime/dead-letters';
import { holdLease } from '@assay/shared/runtime/leases';
import type { ServiceContext } from '@assay/shared/runtime/service';
import type { Db } from 'mongodb';
import { unitSupplies } from '../../domain/supply.ts';
import { storeSupplyCut, type SupplyPorts } from '../../flows/get-supply.ts';
import { recount, type RecountPorts } from '../../flows/recount.ts';
import type { CreditGrantPorts } from '../../flows/approve-grant.ts';
import type { SweepFundsPorts } from '../../flows/sweep-funds.ts';
import { newWalk } from '../../flows/walk-through.ts';
import { finishRotations, type RotatePorts } from '../../flows/rotate-keyset.ts';
import type { QuoteBrowser } from '../../ports.ts';
import { fundsCounted, pendingQuotes, recounted, supplyCounted } from '../../telemetry.ts';
import { startFundSweeper } from './fund-sweeper.ts';

export type BackgroundPorts = RecountPorts &
  SupplyPorts &
  SweepFundsPorts &
  CreditGrantPorts &
  RotatePorts & {
    readonly reader: QuoteBrowser;
    readonly letters: DeadLetterStore;
    readonly recountEveryMs: number;
  };

const RECOUNT_LEASE = { name: 'mint-recount', ttlMs: 10_000 };
/** Of each recount, for the walk through what is stored; the rest of the time is for wallets. */
const WALK_MS = 10_000;
const CUT_EVERY_MS = 60_000;
const ROTATIONS_EVERY_MS = 10_000;
const GAUGES_EVERY_MS = 5_000;

/** The recount, the hourly cuts and rotations that were left, by one instance; what was left in funds, checks and gauges, by all. */
export function startBackground(context: ServiceContext, db: Db, ports: BackgroundPorts): void {
  const lease = holdLease(context, db, RECOUNT_LEASE);
  const isMine = () => lease.token() !== undefined;
  const walk = newWalk();
  context.every('recount', ports.recountEveryMs, async () => {
    // What is broken is told by whoever counts: an old finding must not outlive the lease.
    if (!isMine()) return recounted(0);
    const broken = await recount(ports, walk, WALK_MS);
    if (broken.length > 0) context.log.fatal({ broken }, 'invariants are broken: the mint is paused');
  });
  context.every('supply cuts', CUT_EVERY_MS, async () => {
    if (isMine()) await storeSupplyCut(ports);
  });
  context.every('rotations', ROTATIONS_EVERY_MS, async () => {
    if (isMine()) await finishRotations(ports);
  });
  startFundSweeper(context, ports);
  watchDeadLetters(context, ports.letters);
  watchAdminLog(context, adminLogCheck(db));
  context.every('gauges', GAUGES_EVERY_MS, async () => {
    const { count, oldestAt } = await ports.reader.pending();
    pendingQuotes(count, oldestAt === undefined ? 0 : (ports.clock.now() - oldestAt) / 1_000);
    supplyCounted(unitSupplies(await ports.counters.read()));
    fundsCounted(await ports.funds.list());
  });
}
