import type { Db } from 'mongodb';
import type { PoolId } from '@assay/shared/kernel/ids';
import { err, ok } from '@assay/shared/kernel/result';
import { duplicateIndexOf } from '@assay/shared/runtime/mongo';
import type { SettingsPort } from '../../ports.ts';

interface SettingsDocument {
  _id: 'pool';
  poolId: string;
  creditShift: number;
}

export function settingsPort(db: Db): SettingsPort {
  const collection = db.collection<SettingsDocument>('settings');
  return {
    async fix({ poolId, creditShift }) {
      try {
        await collection.insertOne({ _id: 'pool', poolId, creditShift });
        return ok();
      } catch (error) {
        if (duplicateIndexOf(error) !== '_id_') throw error;
      }
      const stored = await collection.findOne({ _id: 'pool' });
      if (stored === null || (stored.poolId === poolId && stored.creditShift === creditShift)) return ok();
      const settings = { poolId: stored.poolId as PoolId, creditShift: stored.creditShift };
      return err({ code: 'settings-differ' as const, stored: settings });
    },
  };
}
