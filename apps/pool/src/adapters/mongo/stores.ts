import type { Db } from 'mongodb';
import { type BlockEventEntries, blockPort } from './blocks.ts';
import type { BatchEventEntries } from './batch-document.ts';
import { batchPort, type OnSealed } from './batches.ts';
import { OUTBOX_COLLECTIONS } from './collections.ts';
import { settingsPort } from './settings.ts';
import { slotPort } from './slots.ts';
import { templateBodyPort } from './template-bodies.ts';
import { type TemplateEventEntries, templatePort } from './templates.ts';
import { workerPort } from './workers.ts';
import { workSince } from './work-since.ts';

/** Everything that the pool stores. @param events render what goes into the outboxes */
export function mongoStores(db: Db, events: BatchEventEntries & TemplateEventEntries & BlockEventEntries) {
  let listener: OnSealed | undefined;
  return {
    outboxes: OUTBOX_COLLECTIONS,
    batches: batchPort(db, events, (batchId, event) => listener?.(batchId, event)),
    /** Events of sealed batches, once committed; those of before anybody listens wait in the outbox as all do. */
    listenToSealed: (given: OnSealed) => void (listener = given),
    templates: templatePort(db, events),
    bodies: templateBodyPort(db),
    slots: slotPort(db),
    workers: workerPort(db),
    blocks: blockPort(db, events),
    settings: settingsPort(db),
    workSince: workSince(db),
  };
}
