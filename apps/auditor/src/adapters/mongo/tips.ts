import type { Collection } from 'mongodb';
import { type CollectionDefinition, duplicateIndexOf } from '@assay/shared/runtime/mongo';
import type { Tips } from '../../node-ports.ts';

export interface TipDocument {
  /** Block hash, internal byte order, hex. */
  _id: string;
  version: number;
  prev: string;
  height: number;
  firstSeen: Date;
}

const HASH = { bsonType: 'string', pattern: '^[0-9a-f]{64}$' } as const;

export const TIPS: CollectionDefinition = {
  name: 'tips',
  schema: {
    bsonType: 'object',
    required: ['_id', 'version', 'prev', 'height', 'firstSeen'],
    properties: { _id: HASH, prev: HASH, height: { bsonType: ['int', 'long'] }, firstSeen: { bsonType: 'date' } },
  },
  indexes: [{ name: 'prev_firstSeen', keys: { prev: 1, firstSeen: 1 } }],
};

export function tipStore(tips: Collection<TipDocument>): Tips {
  return {
    knows: async (hash) => (await tips.findOne({ _id: hash }, { projection: { _id: 1 } })) !== null,
    isEmpty: async () => (await tips.findOne({}, { projection: { _id: 1 } })) === null,
    record: async ({ hash, prev, height, firstSeenMs }) => {
      try {
        await tips.insertOne({ _id: hash, version: 1, prev, height, firstSeen: new Date(firstSeenMs) });
      } catch (error) {
        if (duplicateIndexOf(error) !== '_id_') throw error;
      }
    },
    childSeenMs: async (prevHash) => {
      const [first] = await tips.find({ prev: prevHash }).sort({ prev: 1, firstSeen: 1 }).limit(1).toArray();
      return first?.firstSeen.getTime();
    },
  };
}
