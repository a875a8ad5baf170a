import type { Collection, Db } from 'mongodb';
import { CATALOGUE } from '@assay/proto/catalogue';
import { CheckTask, TaskKind } from '@assay/proto/gen/assay/auditor/v1/tasks';
import { unixMs, type UnixMs } from '@assay/shared/kernel/clock';
import { type DeadLetter, type DeadLetterStore } from '@assay/shared/runtime/dead-letters';
import { letterIdOf, TASK_CONSUMERS } from '../../domain/tasks.ts';
import type { LetterBox } from '../../ports.ts';
import type { CrashedTask, DeadLetters, DeadLetterView, LetterRefusal } from '../../upkeep-ports.ts';
import type { BatchDocument } from './batch-document.ts';
import type { TemplateDocument } from './template-document.ts';

const SUBJECTS = {
  batch: CATALOGUE['pool.batch.accepted'].subject,
  template: CATALOGUE['pool.template.declared'].subject,
} as const;

/** Letters of batches and templates carry the event as it arrived, not the task. */
export function letterBox(
  store: Pick<DeadLetterStore, 'record'>,
  batches: Collection<BatchDocument>,
  templates: Collection<TemplateDocument>,
): LetterBox {
  const eventOf = async (kind: keyof typeof TASK_CONSUMERS, id: string) => {
    const options = { projection: { event: 1 } };
    const found =
      kind === 'batch' ? await batches.findOne({ _id: id }, options) : await templates.findOne({ _id: id }, options);
    return found?.event ?? new Uint8Array(0);
  };
  return {
    record: async ({ kind, id, revision, firstSeenMs, atMs, answers, trace, error, ...letter }) =>
      store.record({
        ...letter,
        id: letterIdOf({ kind, id, revision }),
        durable: TASK_CONSUMERS[kind],
        firstSeenAt: unixMs(firstSeenMs),
        lastSeenAt: atMs,
        nodeAnswers: answers,
        subject: SUBJECTS[kind],
        messageId: `${kind}:${id}`,
        raw: await eventOf(kind, id),
        revision,
        ...(error === undefined ? {} : { error }),
        ...(trace === undefined ? {} : { trace }),
      }),
  };
}

export function deadLetters(db: Db, store: DeadLetterStore): DeadLetters {
  const collection = db.collection<DeadLetter>('deadLetters');
  type Close = 'markReplayed' | 'markDropped' | 'replay';
  const close = async (how: Close, id: string, reason: string, at: UnixMs): Promise<LetterRefusal | undefined> => {
    const closed = await store[how](id, { reason, at });
    return closed.ok ? undefined : closed.error;
  };
  return {
    find: async (id) => {
      const letter = await store.get(id);
      return letter && viewOf(letter);
    },
    openOfClass: async (className, afterId, limit) => {
      const query = { state: 'OPEN', class: className, _id: { $gt: afterId } } as object;
      const fields = { class: 1, state: 1, durable: 1 };
      const found = await collection.find(query, { projection: fields }).sort({ _id: 1 }).limit(limit).toArray();
      return found.map(viewOf);
    },
    ofCrashedTasks: async (limit) => {
      const ids = Object.values(TASK_CONSUMERS).map((durable) => new RegExp(`^${durable}/`));
      const query = { state: 'OPEN', class: 'ERROR', _id: { $in: ids } } as object;
      return (await collection.find(query).limit(limit).toArray()).flatMap(crashedTask);
    },
    markReplayed: (id, reason, at) => close('markReplayed', id, reason, at),
    markDropped: (id, reason, at) => close('markDropped', id, reason, at),
    handBack: (id, reason, at) => close('replay', id, reason, at),
  };
}

function viewOf({ _id: id, class: name, state }: Pick<DeadLetter, '_id' | 'class' | 'state'>): DeadLetterView {
  const [, kind, subject, revision] = /^(batch|template):(.+)#(\d+)$/.exec(id) ?? [];
  const known = (kind === 'batch' || kind === 'template') && subject !== undefined;
  return { id, class: name, state, subject: known ? { kind, id: subject, revision: Number(revision) } : undefined };
}

function crashedTask(letter: DeadLetter): CrashedTask[] {
  const task = decodeTask(letter.raw);
  if (task === undefined) return [];
  const kind = task.kind === TaskKind.TASK_KIND_BATCH ? 'batch' : 'template';
  const { id, revision } = task;
  return [{ letterId: letter._id, kind, id, revision, deliveries: letter.deliveries }];
}

function decodeTask(raw: Uint8Array): CheckTask | undefined {
  try {
    return CheckTask.decode(raw);
  } catch {
    // Not a task: it stays a letter for people.
    return undefined;
  }
}
