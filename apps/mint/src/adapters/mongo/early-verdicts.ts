import { CATALOGUE } from '@assay/proto/catalogue';
import { VerdictGiven } from '@assay/proto/gen/assay/auditor/v1/events';
import { WAITING_MESSAGES, type WaitingMessage } from '@assay/shared/runtime/waiting-messages';
import type { Clock } from '@assay/shared/kernel/clock';
import type { Collection, Db, Filter } from 'mongodb';
import { grouped } from '../../grouping.ts';
import type { EarlyVerdicts } from '../../ports.ts';

interface BatchName {
  readonly poolId: string;
  readonly batchId: string;
}

const GROUP = { weightMax: 64, inFlightMax: 2, waitingMax: 4_096 } as const;
const NOTHING = VerdictGiven.decode(new Uint8Array(0));

/** Verdicts among the waiting messages of `durable`. */
export function mongoEarlyVerdicts(db: Db, clock: Clock, durable: string): EarlyVerdicts {
  const waiting = db.collection<WaitingMessage>(WAITING_MESSAGES.name);
  return {
    comeNow: grouped<BatchName, void>({ ...GROUP, run: (batches) => comeNow(waiting, clock, durable, batches) }),
  };
}

async function comeNow(
  waiting: Collection<WaitingMessage>,
  clock: Clock,
  durable: string,
  batches: readonly BatchName[],
): Promise<readonly void[]> {
  // With another version: an instance that is just finding no quote must not put its verdict off once more.
  await waiting.updateMany(
    { $or: batches.map((batch) => verdictsOn(durable, batch)) },
    { $set: { dueAt: new Date(clock.now()) }, $inc: { version: 1 } },
  );
  return batches.map(() => undefined);
}

/** By the beginning of their message ids, which the verdict's hash ends. */
function verdictsOn(durable: string, batch: BatchName): Filter<WaitingMessage> {
  const prefix = `${durable}/${CATALOGUE['auditor.verdict.given'].key({ ...NOTHING, ...batch })}`;
  return { _id: { $gte: prefix, $lt: `${prefix}g` } };
}
