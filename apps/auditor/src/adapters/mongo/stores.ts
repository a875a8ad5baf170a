import type { Db } from 'mongodb';
import { ADMIN_COLLECTIONS } from '@assay/shared/runtime/admin-log';
import { CONSUMER_COLLECTIONS } from '@assay/shared/runtime/consumer';
import type { DeadLetterStore } from '@assay/shared/runtime/dead-letters';
import { LEASES } from '@assay/shared/runtime/leases';
import { ensureCollections } from '@assay/shared/runtime/mongo';
import type { Relay } from '@assay/shared/runtime/outbox';
import { auditRecords } from './audit-records.ts';
import { type BatchDocument, BATCHES } from './batch-document.ts';
import { batchDecisions } from './batch-decisions.ts';
import { batchIntake } from './batch-intake.ts';
import { batchWaits, dueBatches } from './batch-waits.ts';
import { creditIndex } from './credit-index.ts';
import { breachBook, type BreachDocument, BREACHES } from './breaches.ts';
import { EXTRANONCE_OWNERS, extranonceOwners, type OwnerDocument } from './extranonce-owners.ts';
import { deadLetters, letterBox } from './letters.ts';
import { luckBook, type LuckDocument, LUCK_SUMS } from './luck-book.ts';
import { type ControlDocument, QUEUE_CONTROL, queueControl, queueCounts } from './queue-state.ts';
import type { OnCommit } from './on-commit.ts';
import { settlements } from './settlements.ts';
import { stuckBatches, stuckTemplates } from './stuck-work.ts';
import { type BodyChunk, bodyStore, TEMPLATE_BODIES } from './template-bodies.ts';
import { type TemplateDocument, TEMPLATES } from './template-document.ts';
import { dueTemplates, templateDecisions, templateIntake, templateWaits } from './templates.ts';
import { type TipDocument, TIPS, tipStore } from './tips.ts';

/** Collections whose documents carry events for the relay. */
export const OUTBOXES = [BATCHES.name, TEMPLATES.name, BREACHES.name] as const;

/** Creates what is missing of the auditor's database. */
export function ensureAuditorDatabase(db: Db): Promise<void> {
  const own = [BATCHES, TEMPLATES, TEMPLATE_BODIES, EXTRANONCE_OWNERS, TIPS, BREACHES, LUCK_SUMS, QUEUE_CONTROL];
  return ensureCollections(db, [...own, ...CONSUMER_COLLECTIONS, ...ADMIN_COLLECTIONS, LEASES]);
}

/**
 * Every store of the auditor on one database.
 * @param options.owner names this process in leases; `relay` is told of every commit with an event.
 */
export function auditorStores(
  db: Db,
  letters: DeadLetterStore,
  options: { owner: string; settleGraceMs: number; relay: Relay },
) {
  const { owner, settleGraceMs, relay } = options;
  const committed =
    (name: string): OnCommit =>
    (id, event) =>
      relay.committed(name, id, event);
  const [batchCommitted, templateCommitted] = [committed(BATCHES.name), committed(TEMPLATES.name)];
  const batches = db.collection<BatchDocument>(BATCHES.name);
  const templates = db.collection<TemplateDocument>(TEMPLATES.name);
  return {
    batchIntake: batchIntake(batches, { quoteGraceMs: settleGraceMs, onCommit: batchCommitted }),
    batches: batchDecisions(batches, { settleGraceMs, onCommit: batchCommitted }),
    waits: batchWaits(batches),
    templateIntake: templateIntake(templates, templateCommitted),
    templates: templateDecisions(templates, { owner, onCommit: templateCommitted }),
    templateWaits: templateWaits(templates),
    work: { batch: dueBatches(batches), template: dueTemplates(templates) },
    stuck: { batch: stuckBatches(batches), template: stuckTemplates(templates) },
    bodies: bodyStore(db.collection<BodyChunk>(TEMPLATE_BODIES.name)),
    owners: extranonceOwners(db.collection<OwnerDocument>(EXTRANONCE_OWNERS.name)),
    tips: tipStore(db.collection<TipDocument>(TIPS.name)),
    breaches: breachBook(db.collection<BreachDocument>(BREACHES.name), { onCommit: () => relay.wake(BREACHES.name) }),
    credits: creditIndex(batches),
    luck: luckBook(batches, db.collection<LuckDocument>(LUCK_SUMS.name)),
    settlements: settlements(batches, { settleGraceMs, onCommit: () => relay.wake(BATCHES.name) }),
    letters: letterBox(letters, batches, templates),
    deadLetters: deadLetters(db, letters),
    control: queueControl(db.collection<ControlDocument>(QUEUE_CONTROL.name)),
    counts: queueCounts(batches, templates),
    records: auditRecords(batches, templates),
  };
}
