import type { Collection } from 'mongodb';
import { VerdictGiven } from '@assay/proto/gen/assay/auditor/v1/events';
import { unixMs } from '@assay/shared/kernel/clock';
import { compareAndSet } from '@assay/shared/runtime/mongo';
import { outboxEntry } from '@assay/shared/runtime/outbox';
import type { QuoteEvent, Settlements } from '../../upkeep-ports.ts';
import { type BatchDocument, batchKey } from './batch-document.ts';

const TOLD_MAX = 3;

/** Which deadline an event of the mint ends. */
const ENDS = {
  created: 'quoteDueAt',
  paid: 'settleDueAt',
  failed: 'settleDueAt',
  issued: undefined,
} as const satisfies Record<QuoteEvent['kind'], keyof BatchDocument | undefined>;

/** @param options.onCommit wakes the relay. */
export function settlements(
  batches: Collection<BatchDocument>,
  options: { settleGraceMs: number; onCommit: () => void },
): Settlements {
  return {
    note: async (event) => {
      const ended = ENDS[event.kind];
      const update = {
        $set: { [`mint.${event.kind}`]: true },
        ...(ended === undefined ? {} : { $unset: { [ended]: '' as const } }),
        $inc: { version: 1 },
      };
      const result = await batches.updateOne({ _id: batchKey(event) }, update);
      return result.matchedCount === 1;
    },
    takeMissingQuotes: async (nowMs, limit) => {
      const query = { quoteDueAt: { $lte: new Date(nowMs) } };
      const due = await batches
        .find(query, { projection: { version: 1 } })
        .limit(limit)
        .toArray();
      const taken: string[] = [];
      for (const { _id, version } of due) {
        if (await compareAndSet(batches, _id, version, { $unset: { quoteDueAt: '' } })) taken.push(_id);
      }
      return taken;
    },
    tellAgain: async (nowMs, limit) => {
      const query = { settleDueAt: { $lte: new Date(nowMs) } };
      const due = await batches
        .find(query, { projection: { event: 0, credited: 0 } })
        .limit(limit)
        .toArray();
      const stuck: string[] = [];
      for (const batch of due) {
        const told = await tellOnce(batches, batch, nowMs, options.settleGraceMs);
        if (told === 'often-enough') stuck.push(batch._id);
      }
      if (due.length > 0) options.onCommit();
      return { republished: due.length - stuck.length, stuck };
    },
    said: async (id) => (await batches.findOne({ _id: id }, { projection: { mint: 1 } }))?.mint,
  };
}

/** The same bytes as the first time, under the next message id. */
async function tellOnce(
  batches: Collection<BatchDocument>,
  batch: BatchDocument,
  nowMs: number,
  graceMs: number,
): Promise<'told' | 'often-enough'> {
  const { _id, version, settleTries, verdict } = batch;
  if (settleTries >= TOLD_MAX || verdict === undefined) {
    const ended = await compareAndSet(batches, _id, version, { $unset: { settleDueAt: '' } });
    return ended ? 'often-enough' : 'told';
  }
  const tries = settleTries + 1;
  const message = VerdictGiven.decode(verdict.event);
  const first = outboxEntry('auditor.verdict.given', message, unixMs(verdict.decidedAt.getTime()), batch.trace);
  await compareAndSet(batches, _id, version, {
    $set: { settleTries: tries, settleDueAt: new Date(nowMs + graceMs) },
    $push: { outbox: { ...first, id: `${first.id}:r${tries}`, body: verdict.event } },
  });
  return 'told';
}
