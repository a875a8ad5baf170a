import { CATALOGUE } from '@assay/proto/catalogue';
import { TaskKind } from '@assay/proto/gen/assay/auditor/v1/tasks';
import type { Clock } from '@assay/shared/kernel/clock';
import { type Bus, publishEvent } from '@assay/shared/runtime/nats';
import { TASK_CONSUMERS } from '../../domain/tasks.ts';
import type { TaskQueue } from '../../ports.ts';
import type { TaskProgress } from '../../upkeep-ports.ts';

const CONSUMER_NOT_FOUND = 10_014;
const EVENTS = { batch: 'auditor.check-batch', template: 'auditor.check-template-pool' } as const;
const KINDS = { batch: TaskKind.TASK_KIND_BATCH, template: TaskKind.TASK_KIND_TEMPLATE } as const;

/**
 * Enqueues tasks again. `:rK` in the message id tells the repeats of one revision apart; K is the version of the document:
 * a count that is written after the publish could come too late, and the next repeat would be dropped as known.
 */
export function taskQueue(bus: Bus): TaskQueue {
  return {
    publish: async ({ kind, id, revision, version, trace }) => {
      const messageId = `${kind}:${id}:${revision}:r${version}`;
      const options = { id: messageId, ...(trace === undefined ? {} : { trace }) };
      await publishEvent(bus, EVENTS[kind], { kind: KINDS[kind], id, revision }, options);
    },
  };
}

async function infoOf(bus: Bus, stream: string, durable: string) {
  try {
    return await bus.jsm.consumers.info(stream, durable);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === CONSUMER_NOT_FOUND) return undefined;
    throw error;
  }
}

/** Looks at how far the workers have come in the stream. */
export function taskProgress(bus: Bus, clock: Clock): TaskProgress {
  return {
    oldestUnfinishedMs: async (kind) => {
      const { stream, subject } = CATALOGUE[EVENTS[kind]];
      const info = await infoOf(bus, stream, TASK_CONSUMERS[kind]);
      // No worker was ever there, so no task was taken and none is lost.
      if (info === undefined) return 0;
      if (info.num_pending + info.num_ack_pending === 0) return clock.now();
      const next = { seq: info.ack_floor.stream_seq + 1, next_by_subj: subject };
      const oldest = await bus.jsm.streams.getMessage(stream, next);
      return oldest?.time.getTime() ?? clock.now();
    },
  };
}
