import type { Collection, UpdateFilter } from 'mongodb';
import { Result, TemplateJudged } from '@assay/proto/gen/assay/auditor/v1/events';
import { TaskKind } from '@assay/proto/gen/assay/auditor/v1/tasks';
import { toHex } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';
import { compareAndSet, duplicateIndexOf } from '@assay/shared/runtime/mongo';
import { type OutboxEntry, outboxEntry } from '@assay/shared/runtime/outbox';
import type { HoldCode } from '../../domain/audit-codes.ts';
import type { TemplateWaits } from '../../upkeep-ports.ts';
import type {
  Committed,
  DueTask,
  DueWork,
  StoredTemplate,
  TemplateDecisions,
  TemplateIntake,
  TemplateVerdict,
} from '../../ports.ts';
import type { OnCommit } from './on-commit.ts';
import { storedTemplate, type TemplateDocument } from './template-document.ts';

const NODE_HOLDS: readonly HoldCode[] = ['HOLD_NODE_BEHIND', 'HOLD_NODE_UNAVAILABLE'];

type Templates = Collection<TemplateDocument>;

export function templateIntake(templates: Templates, onCommit: OnCommit): TemplateIntake {
  return {
    insert: async ({ template, raw, receivedAtMs, trace }) => {
      const id = toHex(template.templateId);
      const received = new Date(receivedAtMs);
      const task = { kind: TaskKind.TASK_KIND_TEMPLATE, id, revision: 0 };
      const event = outboxEntry('auditor.check-template-pool', task, receivedAtMs, trace);
      try {
        await templates.insertOne({
          _id: id,
          version: 1,
          outbox: [event],
          ...(trace === undefined ? {} : { trace }),
          event: raw,
          poolId: template.poolId,
          state: 'DECLARED',
          code: '',
          late: false,
          answers: [],
          revision: 0,
          attempt: 0,
          receivedAt: received,
          waitingSince: received,
          updatedAt: received,
          autoReplays: 0,
        });
      } catch (error) {
        if (duplicateIndexOf(error) === '_id_') return 'known';
        throw error;
      }
      onCommit(id, event);
      return 'inserted';
    },
  };
}

/** @param options.owner this process, named in leases; `onCommit` tells the relay. */
export function templateDecisions(
  templates: Templates,
  options: { owner: string; onCommit: OnCommit },
): TemplateDecisions {
  const commit = async (
    { id, version }: StoredTemplate,
    update: UpdateFilter<TemplateDocument>,
    event?: OutboxEntry,
  ): Promise<Committed> => {
    const whole = event === undefined ? update : { ...update, $push: { outbox: event } };
    if (!(await compareAndSet(templates, id, version, whole))) return 'stale';
    if (event !== undefined) options.onCommit(id, event);
    return 'committed';
  };
  return {
    find: async (id) => {
      const document = await templates.findOne({ _id: id }, { projection: { outbox: 0 } });
      return document === null ? undefined : storedTemplate(document);
    },
    take: (template, leaseUntilMs) => take(templates, template, options.owner, leaseUntilMs),
    settle: (template, verdict, trace) => {
      const message = judgedMessage(template, verdict);
      const event = outboxEntry('auditor.template.judged', message, verdict.decidedAtMs, trace);
      return commit(template, settleUpdate(verdict, message), event);
    },
    hold: (template, { code, attempt, nextCheckAtMs, answers }) =>
      commit(template, {
        $set: { state: 'HELD', code, attempt, nextCheckAt: new Date(nextCheckAtMs), answers: [...answers] },
        $unset: { lease: '' },
      }),
    giveUp: (template, { code, attempt, answers, atMs }) =>
      commit(template, {
        $set: { state: 'DEAD', code, attempt, answers: [...answers], updatedAt: new Date(atMs) },
        $unset: { lease: '', nextCheckAt: '' },
      }),
    recheck: (template, atMs, automatic) => commit(template, recheckUpdate(template, atMs, automatic)),
    release: (template, atMs) =>
      commit(template, { $set: { state: 'DECLARED', nextCheckAt: new Date(atMs) }, $unset: { lease: '' } }),
  };
}

async function take(
  templates: Templates,
  { id, version, revision }: StoredTemplate,
  owner: string,
  leaseUntilMs: UnixMs,
): Promise<StoredTemplate | undefined> {
  const lease = { owner, until: new Date(leaseUntilMs), token: version };
  const taken = await templates.findOneAndUpdate(
    { _id: id, version, revision },
    { $set: { state: 'CHECKING', lease }, $unset: { nextCheckAt: '' }, $inc: { version: 1 } },
    { returnDocument: 'after' },
  );
  return taken === null ? undefined : storedTemplate(taken);
}

function settleUpdate(verdict: TemplateVerdict, message: TemplateJudged) {
  const decidedAt = new Date(verdict.decidedAtMs);
  return {
    $set: {
      state: verdict.result,
      code: verdict.code,
      late: verdict.late,
      answers: [...verdict.answers],
      updatedAt: decidedAt,
      verdict: {
        result: verdict.result,
        hash: toHex(verdict.verdictHash),
        signature: toHex(verdict.signature),
        decidedAt,
        event: TemplateJudged.encode(message).finish(),
      },
    },
    $unset: { lease: '' as const, nextCheckAt: '' as const },
  };
}

function judgedMessage({ template, version }: StoredTemplate, verdict: TemplateVerdict): TemplateJudged {
  return {
    templateId: Buffer.from(template.templateId),
    poolId: template.poolId,
    source: template.source,
    declaredBy: Buffer.from(template.declaredBy),
    result: verdict.result === 'VALID' ? Result.RESULT_VALID : Result.RESULT_INVALID,
    code: verdict.code,
    late: verdict.late,
    decidedAtMs: BigInt(verdict.decidedAtMs),
    nodeAnswers: verdict.answers.map(({ nodeId, answer }) => ({ nodeId, answer })),
    auditorPubkey: Buffer.from(verdict.publicKey),
    verdictHash: Buffer.from(verdict.verdictHash),
    signature: Buffer.from(verdict.signature),
    atMs: BigInt(verdict.decidedAtMs),
    version: BigInt(version + 1),
  };
}

function recheckUpdate(template: StoredTemplate, atMs: UnixMs, automatic: boolean): UpdateFilter<TemplateDocument> {
  const at = new Date(atMs);
  const revived = template.state === 'DEAD';
  return {
    $set: {
      state: 'DECLARED',
      nextCheckAt: at,
      updatedAt: at,
      ...(revived ? { revision: template.revision + 1, attempt: 0, waitingSince: at } : {}),
    },
    $inc: { autoReplays: revived && automatic ? 1 : 0 },
  };
}

export function templateWaits(templates: Templates): TemplateWaits {
  return {
    wakeNodeHolds: async (atMs) => {
      const at = new Date(atMs);
      await templates.updateMany(
        { state: 'HELD', code: { $in: [...NODE_HOLDS] }, nextCheckAt: { $gt: at } },
        { $set: { nextCheckAt: at }, $inc: { version: 1 } },
      );
    },
  };
}

/** Templates whose wait is over, and how they are marked as enqueued. */
export function dueTemplates(templates: Templates): DueWork {
  return {
    due: async (nowMs, limit) => {
      const query = { state: { $in: ['DECLARED', 'HELD'] as const }, nextCheckAt: { $lte: new Date(nowMs) } };
      const found = await templates.find(query).sort({ nextCheckAt: 1 }).limit(limit).toArray();
      return found.map(templateTask);
    },
    enqueued: async (tasks, atMs) => {
      const updates = tasks.map(({ id, version }) => ({
        updateOne: {
          filter: { _id: id, version },
          update: {
            $unset: { nextCheckAt: '' as const },
            $set: { updatedAt: new Date(atMs) },
            $inc: { version: 1 },
          },
        },
      }));
      if (updates.length > 0) await templates.bulkWrite(updates, { ordered: false });
    },
  };
}

export function templateTask(document: TemplateDocument): DueTask {
  const { _id: id, version, revision, trace } = document;
  return { kind: 'template', id, version, revision, trace };
}
