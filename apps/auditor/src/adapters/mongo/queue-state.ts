import type { Collection } from 'mongodb';
import type { CollectionDefinition } from '@assay/shared/runtime/mongo';
import { HOLD_CODES, type HoldCode } from '../../domain/audit-codes.ts';
import type { QueueControl, QueueCounts } from '../../upkeep-ports.ts';
import type { BatchDocument } from './batch-document.ts';
import type { TemplateDocument } from './template-document.ts';

const CONTROL_ID = 'queue';

export interface ControlDocument {
  _id: typeof CONTROL_ID;
  version: number;
  pausedUntil: Date;
}

export const QUEUE_CONTROL: CollectionDefinition = {
  name: 'queueControl',
  schema: {
    bsonType: 'object',
    required: ['_id', 'version', 'pausedUntil'],
    properties: { pausedUntil: { bsonType: 'date' } },
  },
  indexes: [],
};

export function queueControl(control: Collection<ControlDocument>): QueueControl {
  return {
    pausedUntilMs: async () => (await control.findOne({ _id: CONTROL_ID }))?.pausedUntil.getTime() ?? 0,
    setPausedUntil: async (untilMs) => {
      const update = { $set: { pausedUntil: new Date(untilMs) }, $inc: { version: 1 } };
      await control.updateOne({ _id: CONTROL_ID }, update, { upsert: true });
    },
  };
}

/** Counts of the queue, as far as the indexes give them cheaply. */
export function queueCounts(
  batches: Collection<BatchDocument>,
  templates: Collection<TemplateDocument>,
): { count(nowMs: number): Promise<QueueCounts> } {
  return {
    count: async (nowMs) => {
      const queued = { state: 'QUEUED' } as const;
      const [depth, oldest, held, waiting] = await Promise.all([
        batches.countDocuments(queued),
        batches
          .find(queued, { projection: { receivedAt: 1 } })
          .sort({ receivedAt: 1 })
          .limit(1)
          .next(),
        heldByCode(batches),
        templates.countDocuments({ state: { $in: ['DECLARED', 'CHECKING', 'HELD'] } }),
      ]);
      const oldestAgeMs = oldest === null ? 0 : Math.max(0, nowMs - oldest.receivedAt.getTime());
      const asleep = [...held.values()].reduce((sum, count) => sum + count, 0);
      return { batches: depth, inFlight: Math.max(0, depth - asleep), oldestAgeMs, held, templates: waiting };
    },
  };
}

async function heldByCode(batches: Collection<BatchDocument>): Promise<Map<HoldCode, number>> {
  const groups = batches.aggregate<{ _id: string; count: number }>([
    { $match: { state: 'QUEUED', nextAt: { $gt: new Date(0) } } },
    { $group: { _id: '$code', count: { $sum: 1 } } },
  ]);
  const counts = new Map((await groups.toArray()).map(({ _id, count }) => [_id, count]));
  return new Map(HOLD_CODES.map((code) => [code, counts.get(code) ?? 0]));
}
