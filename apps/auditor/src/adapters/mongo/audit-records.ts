import type { Collection, Filter } from 'mongodb';
import type { AuditRecords, BatchFilter, BatchRecord, TemplateRecord } from '../../upkeep-ports.ts';
import type { BatchDocument } from './batch-document.ts';
import type { TemplateDocument } from './template-document.ts';

export function auditRecords(
  batches: Collection<BatchDocument>,
  templates: Collection<TemplateDocument>,
): AuditRecords {
  return {
    batch: async (id) => {
      const found = await batches.findOne({ _id: id });
      return found === null ? undefined : batchRecord(found);
    },
    batches: async (filter, { limit, after }) => {
      const conditions = [batchQuery(filter), ...(after === undefined ? [] : [afterReceipt(after)])];
      const cursor = batches.find({ $and: conditions }).sort({ receivedAt: 1, _id: 1 }).limit(limit);
      return (await cursor.toArray()).map(batchRecord);
    },
    template: async (id) => {
      const found = await templates.findOne({ _id: id });
      return found === null ? undefined : templateRecord(found);
    },
    templates: async (filter, { limit, afterId }) => {
      const query: Filter<TemplateDocument> = { ...filter, _id: { $gt: afterId } };
      const found = await templates.find(query).sort({ _id: 1 }).limit(limit).toArray();
      return found.map(templateRecord);
    },
  };
}

function batchQuery({ receivedFromMs, receivedBeforeMs, ...equal }: BatchFilter): Filter<BatchDocument> {
  const bounds = {
    ...(receivedFromMs === undefined ? {} : { $gte: new Date(receivedFromMs) }),
    ...(receivedBeforeMs === undefined ? {} : { $lt: new Date(receivedBeforeMs) }),
  };
  return { ...equal, ...(Object.keys(bounds).length === 0 ? {} : { receivedAt: bounds }) };
}

function afterReceipt(after: { receivedAtMs: number; id: string }): Filter<BatchDocument> {
  const receivedAt = new Date(after.receivedAtMs);
  return { $or: [{ receivedAt: { $gt: receivedAt } }, { receivedAt, _id: { $gt: after.id } }] };
}

function batchRecord(document: BatchDocument): BatchRecord {
  const { _id: id, event, state, code, revision, attempt, trace } = document;
  return {
    ...{ id, event, state, code, revision, attempt, trace },
    nextAtMs: document.nextAt?.getTime() ?? 0,
    receivedAtMs: document.receivedAt.getTime(),
    verdictEvent: document.verdict?.event,
  };
}

function templateRecord(document: TemplateDocument): TemplateRecord {
  const { _id: id, event, state, code, late, answers, revision, attempt } = document;
  return {
    ...{ id, event, state, code, late, answers, revision, attempt },
    nextCheckAtMs: document.nextCheckAt?.getTime() ?? 0,
    verdictEvent: document.verdict?.event,
  };
}
