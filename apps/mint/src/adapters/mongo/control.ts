import { present } from '@assay/shared/kernel/assert';
import { compareAndSet, duplicateIndexOf } from '@assay/shared/runtime/mongo';
import type { ServiceContext } from '@assay/shared/runtime/service';
import type { Collection, Db } from 'mongodb';
import { setTimeout as wait } from 'node:timers/promises';
import { CONTROL_STALE_MS } from '../../domain/control.ts';
import type { ControlStore } from '../../ports.ts';
import {
  CONTROL,
  type ControlDocument,
  controlEvent,
  type InstanceDocument,
  INSTANCES,
  parseControl,
  renderControl,
} from './control-document.ts';

const TAKEN_WAIT_MS = 2_000;
const TAKEN_POLL_MS = 25;

/** The control document and the instances that obey it. */
export async function mongoControl(context: ServiceContext, db: Db): Promise<ControlStore> {
  const control = db.collection<ControlDocument>(CONTROL.name);
  const instances = db.collection<InstanceDocument>(INSTANCES.name);
  await insertFirst(control, context);
  context.onStop('work', 'instance row', async () => void (await instances.deleteOne({ _id: context.instance })));
  return {
    read: async () => parseControl(present(await control.findOne({ _id: 'control' }), 'control document')),
    replace: (next, event) =>
      compareAndSet(control, 'control', next.version - 1, {
        $set: renderControl(next),
        ...(event === undefined ? {} : { $push: { outbox: controlEvent(next, event) } }),
      }),
    register: async (controlVersion) => {
      const seen = { controlVersion, seenAt: new Date(context.clock.now()) };
      await instances.updateOne({ _id: context.instance }, { $set: seen }, { upsert: true });
    },
    waitUntilTaken: (version) => waitUntilTaken(context, instances, version),
  };
}

async function insertFirst(control: Collection<ControlDocument>, { clock }: ServiceContext): Promise<void> {
  const first = { level: 'NONE', openBreaches: [], acknowledged: [], reason: '', by: '' } as const;
  const document = { ...first, openBreaches: [], acknowledged: [], changedAt: new Date(clock.now()), outbox: [] };
  try {
    await control.insertOne({ _id: 'control', ...document, version: 1 });
  } catch (error) {
    if (duplicateIndexOf(error) !== '_id_') throw error;
  }
}

async function waitUntilTaken(
  { clock }: ServiceContext,
  instances: Collection<InstanceDocument>,
  version: number,
): Promise<void> {
  const startedAt = performance.now();
  while (performance.now() - startedAt < TAKEN_WAIT_MS) {
    // An instance that is silent for longer obeys level ALL.
    const live = new Date(clock.now() - CONTROL_STALE_MS);
    if ((await instances.countDocuments({ seenAt: { $gt: live }, controlVersion: { $lt: version } })) === 0) return;
    await wait(TAKEN_POLL_MS);
  }
}
