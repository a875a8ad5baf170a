import type { Db, Filter } from 'mongodb';
import { unixMs } from '@assay/shared/kernel/clock';
import type { LockingKey } from '@assay/shared/kernel/ids';
import type { ShareRefusal } from '../../domain/share.ts';
import type { WorkerRecord } from '../../domain/worker.ts';
import type { WorkerFilter, WorkerPort } from '../../ports.ts';

interface WorkerDocument {
  /** `key.worker/slot` */
  _id: string;
  lockingKey: string;
  name: string;
  slot: number;
  agent: string;
  k: number;
  /** By `accepted` or the reason of the refusal. */
  counts: Record<string, number>;
  /** Decimal, 30 digits. */
  work: string;
  rates?: { first: Date; last: Date; sums: number[] };
  bestHash?: Uint8Array;
  lastShareAt?: Date;
  seenAt: Date;
}

const WORK_DIGITS = 30;

export function workerPort(db: Db): WorkerPort {
  const collection = db.collection<WorkerDocument>('workers');
  return {
    async put(records) {
      if (records.length === 0) return;
      const replacements = records.map(documentOf).map((replacement) => ({
        replaceOne: { filter: { _id: replacement._id }, replacement, upsert: true },
      }));
      await collection.bulkWrite(replacements, { ordered: false });
    },
    async findOnSlot(slot, workers) {
      const ids = workers.map(({ lockingKey, name }) => idOf(lockingKey, name, slot));
      return (await collection.find({ _id: { $in: ids } }).toArray()).map(recordOf);
    },
    findAll: async (lockingKey, name) => (await collection.find({ lockingKey, name }).toArray()).map(recordOf),
    async list(filter, limit) {
      return (await collection.find(queryOf(filter)).sort({ _id: 1 }).limit(limit).toArray()).map(recordOf);
    },
    async countNames(lockingKey) {
      return (await collection.distinct('name', { lockingKey })).length;
    },
  };
}

function idOf(lockingKey: LockingKey, name: string, slot: number): string {
  return `${lockingKey}.${name}/${slot}`;
}

function queryOf({ lockingKey, activeSince, after }: WorkerFilter): Filter<WorkerDocument> {
  return {
    ...(lockingKey === undefined ? {} : { lockingKey }),
    ...(activeSince === undefined ? {} : { seenAt: { $gte: new Date(activeSince) } }),
    ...(after === undefined ? {} : { _id: { $gt: after } }),
  };
}

function documentOf(record: WorkerRecord): WorkerDocument {
  const { lockingKey, name, slot, agent, k, work, rates, bestHash, lastShareAt, seenAt } = record;
  return {
    _id: idOf(lockingKey, name, slot),
    ...{ lockingKey, name, slot, agent, k },
    counts: Object.fromEntries(record.counts),
    work: work.toString().padStart(WORK_DIGITS, '0'),
    ...(rates === undefined
      ? {}
      : { rates: { first: new Date(rates.first), last: new Date(rates.last), sums: [...rates.sums] } }),
    ...(bestHash === undefined ? {} : { bestHash }),
    ...(lastShareAt === undefined ? {} : { lastShareAt: new Date(lastShareAt) }),
    seenAt: new Date(seenAt),
  };
}

function recordOf(document: WorkerDocument): WorkerRecord {
  const { name, slot, agent, k, work, rates, bestHash, lastShareAt, seenAt } = document;
  return {
    lockingKey: document.lockingKey as LockingKey,
    ...{ name, slot, agent, k },
    counts: new Map(Object.entries(document.counts) as [ShareRefusal | 'accepted', number][]),
    work: BigInt(work),
    ...(rates === undefined
      ? {}
      : { rates: { first: unixMs(rates.first.getTime()), last: unixMs(rates.last.getTime()), sums: rates.sums } }),
    ...(bestHash === undefined ? {} : { bestHash }),
    ...(lastShareAt === undefined ? {} : { lastShareAt: unixMs(lastShareAt.getTime()) }),
    seenAt: unixMs(seenAt.getTime()),
  };
}
