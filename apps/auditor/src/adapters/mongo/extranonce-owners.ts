import type { Collection } from 'mongodb';
import { type CollectionDefinition, duplicateWrites } from '@assay/shared/runtime/mongo';
import type { ExtranonceOwners } from '../../ports.ts';

const KEEP_S = 30 * 86_400;

export interface OwnerDocument {
  /** template id ‖ prefix, hex. */
  _id: string;
  version: number;
  key: string;
  at: Date;
}

export const EXTRANONCE_OWNERS: CollectionDefinition = {
  name: 'extranonceOwners',
  schema: {
    bsonType: 'object',
    required: ['_id', 'version', 'key', 'at'],
    properties: { key: { bsonType: 'string', pattern: '^[0-9a-f]{66}$' }, at: { bsonType: 'date' } },
  },
  indexes: [{ name: 'at_ttl', keys: { at: 1 }, expireAfterSeconds: KEEP_S }],
};

export function extranonceOwners(owners: Collection<OwnerDocument>): ExtranonceOwners {
  const ownersOf: ExtranonceOwners['ownersOf'] = async (templateId, prefixes) => {
    const ids = prefixes.map((prefix) => templateId + prefix);
    const found = await owners.find({ _id: { $in: ids } }).toArray();
    return new Map(found.map(({ _id, key }) => [_id.slice(templateId.length), key]));
  };
  return {
    ownersOf,
    claim: async (templateId, prefixes, lockingKey, atMs) => {
      const documents = prefixes.map((prefix) => ({
        _id: templateId + prefix,
        version: 1,
        key: lockingKey,
        at: new Date(atMs),
      }));
      try {
        await owners.insertMany(documents, { ordered: false });
        return new Map(prefixes.map((prefix) => [prefix, lockingKey]));
      } catch (error) {
        if (duplicateWrites(error) === undefined) throw error;
        const found = await ownersOf(templateId, prefixes);
        // Fail closed: a prefix whose owner cannot be read must not pass for unclaimed.
        if (found.size < prefixes.length) throw new Error(`claims on template ${templateId} cannot be read yet`);
        return found;
      }
    },
  };
}
