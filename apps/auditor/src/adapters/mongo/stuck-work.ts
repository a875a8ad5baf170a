import type { Collection } from 'mongodb';
import type { StuckWork } from '../../upkeep-ports.ts';
import type { BatchDocument } from './batch-document.ts';
import { batchTask } from './batch-waits.ts';
import { storedTemplate, type TemplateDocument } from './template-document.ts';
import { templateTask } from './templates.ts';

const TASK_FIELDS = { version: 1, revision: 1, trace: 1 } as const;
// While an event waits in the outbox it is the relay's to publish.
const UNSENT = { 'outbox.0': { $exists: false } } as const;

export function stuckBatches(batches: Collection<BatchDocument>): Pick<StuckWork, 'lost'> {
  return {
    lost: async (beforeMs, limit) => {
      const query = {
        state: 'QUEUED',
        nextAt: { $exists: false },
        updatedAt: { $lt: new Date(beforeMs) },
        ...UNSENT,
      } as const;
      const found = await batches
        .find(query)
        .project<Pick<BatchDocument, '_id' | keyof typeof TASK_FIELDS>>(TASK_FIELDS)
        .sort({ updatedAt: 1 })
        .limit(limit)
        .toArray();
      return found.map(batchTask);
    },
  };
}

export function stuckTemplates(templates: Collection<TemplateDocument>): StuckWork {
  return {
    lost: async (beforeMs, limit) => {
      const query = {
        state: { $in: ['DECLARED', 'HELD'] as const },
        nextCheckAt: { $exists: false },
        updatedAt: { $lt: new Date(beforeMs) },
        ...UNSENT,
      };
      return (await templates.find(query).limit(limit).toArray()).map(templateTask);
    },
    abandoned: async (nowMs, limit) => {
      const query = { state: 'CHECKING', 'lease.until': { $lte: new Date(nowMs) } } as const;
      return (await templates.find(query).limit(limit).toArray()).map(storedTemplate);
    },
  };
}
