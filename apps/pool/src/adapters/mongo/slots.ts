import type { Db } from 'mongodb';
import { unixMs } from '@assay/shared/kernel/clock';
import { duplicateIndexOf } from '@assay/shared/runtime/mongo';
import type { RangeUse, Slot } from '../../domain/slot.ts';
import type { SlotPort } from '../../ports.ts';

interface RangeDocument {
  takenAt: Date;
  releasedAt?: Date;
}

interface SlotDocument {
  /** 0 … 1023 */
  _id: number;
  owner: string;
  until: Date;
  token: number;
  ranges: Record<string, RangeDocument>;
  version: number;
}

export function slotPort(db: Db): SlotPort {
  const collection = db.collection<SlotDocument>('slots');
  return {
    async find(slot) {
      const document = await collection.findOne({ _id: slot });
      return document === null ? undefined : slotOf(document);
    },
    list: async () => (await collection.find().sort({ _id: 1 }).toArray()).map(slotOf),
    async put(slot, expectedVersion) {
      const { slot: _id, owner, until, token, ranges } = slot;
      const fields = { owner, until: new Date(until), token, ranges: rangeDocuments(ranges) };
      if (expectedVersion > 0) {
        const update = { $set: fields, $inc: { version: 1 } };
        return (await collection.updateOne({ _id, version: expectedVersion }, update)).matchedCount === 1;
      }
      try {
        await collection.insertOne({ _id, ...fields, version: 1 });
        return true;
      } catch (error) {
        if (duplicateIndexOf(error) === '_id_') return false;
        throw error;
      }
    },
    async setRange({ slot, owner, token }, range, use) {
      const update = { $set: { [`ranges.${range}`]: rangeDocument(use) }, $inc: { version: 1 } };
      return (await collection.updateOne({ _id: slot, owner, token }, update)).matchedCount === 1;
    },
  };
}

function rangeDocument({ takenAt, releasedAt }: RangeUse): RangeDocument {
  const taken = { takenAt: new Date(takenAt) };
  return releasedAt === undefined ? taken : { ...taken, releasedAt: new Date(releasedAt) };
}

function rangeDocuments(ranges: Slot['ranges']): Record<string, RangeDocument> {
  return Object.fromEntries([...ranges].map(([index, use]) => [`${index}`, rangeDocument(use)]));
}

function slotOf(document: SlotDocument): Slot {
  const ranges = Object.entries(document.ranges).map(([index, { takenAt, releasedAt }]): [number, RangeUse] => {
    const taken = { takenAt: unixMs(takenAt.getTime()) };
    return [
      Number.parseInt(index, 10),
      releasedAt === undefined ? taken : { ...taken, releasedAt: unixMs(releasedAt.getTime()) },
    ];
  });
  const { _id, owner, until, token, version } = document;
  return { slot: _id, owner, until: unixMs(until.getTime()), token, ranges: new Map(ranges), version };
}
