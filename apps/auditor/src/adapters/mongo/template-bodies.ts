import type { Collection } from 'mongodb';
import { concat } from '@assay/shared/kernel/bytes';
import { type CollectionDefinition, duplicateWrites } from '@assay/shared/runtime/mongo';
import type { BodyStore } from '../../ports.ts';

const CHUNK_BYTES = 1_048_576;
const KEEP_S = 7 * 86_400;

export interface BodyChunk {
  /** `template_id/n` */
  _id: string;
  version: number;
  /** Number of chunks of the whole body. */
  chunks: number;
  bytes: Uint8Array;
  at: Date;
}

export const TEMPLATE_BODIES: CollectionDefinition = {
  name: 'templateBodies',
  schema: {
    bsonType: 'object',
    required: ['_id', 'version', 'chunks', 'bytes', 'at'],
    properties: {
      chunks: { bsonType: ['int', 'long'], minimum: 1, maximum: 8 },
      bytes: { bsonType: 'binData' },
      at: { bsonType: 'date' },
    },
  },
  indexes: [{ name: 'at_ttl', keys: { at: 1 }, expireAfterSeconds: KEEP_S }],
};

export function bodyStore(bodies: Collection<BodyChunk>): BodyStore {
  return {
    load: async (templateId) => {
      const found = await bodies.find({ _id: { $gte: `${templateId}/`, $lt: `${templateId}0` } }).toArray();
      const chunks = found.sort((a, b) => (a._id < b._id ? -1 : 1));
      // A body that was stored or has expired in part is fetched anew.
      const whole = chunks.length > 0 && chunks.length === chunks[0]?.chunks;
      return whole ? concat(...chunks.map(({ bytes }) => bytes)) : undefined;
    },
    save: async (templateId, body, atMs) => {
      const count = Math.max(1, Math.ceil(body.length / CHUNK_BYTES));
      const documents = Array.from({ length: count }, (_, index) => ({
        _id: `${templateId}/${index}`,
        version: 1,
        chunks: count,
        bytes: body.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES),
        at: new Date(atMs),
      }));
      try {
        await bodies.insertMany(documents, { ordered: false });
      } catch (error) {
        if (duplicateWrites(error) === undefined) throw error;
      }
    },
  };
}
