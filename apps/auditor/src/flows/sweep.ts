import { unixMs, type Clock } from '@assay/shared/kernel/clock';
import type { TaskKind } from '../domain/tasks.ts';
import type { Breaches, JudgePorts, TaskQueue, TemplatePorts, DueWork, Scheduler } from '../ports.ts';
import type { DeadLetters, Settlements, StuckWork, TaskProgress } from '../upkeep-ports.ts';
import { countRequeued } from '../telemetry.ts';
import { giveUpBatch } from './give-up-batch.ts';
import { giveUpTemplate } from './give-up-template.ts';

const LIMIT = 1_000;

export interface SweepPorts extends Pick<JudgePorts, 'letters' | 'batches'>, Pick<TemplatePorts, 'templates'> {
  readonly clock: Clock;
  readonly stuckMs: number;
  readonly stuck: Readonly<Record<TaskKind, Pick<StuckWork, 'lost'>>>;
  readonly abandoned: Pick<StuckWork, 'abandoned'>;
  readonly work: Readonly<Record<TaskKind, DueWork>>;
  readonly progress: TaskProgress;
  readonly queue: TaskQueue;
  readonly settlements: Settlements;
  readonly breaches: Breaches;
  readonly deadLetters: DeadLetters;
  readonly scheduler: Scheduler;
}

/** One pass over everything that may be stuck (02-auditor section 5.2). */
export async function sweep(ports: SweepPorts): Promise<void> {
  await endCrashedTasks(ports);
  await releaseAbandoned(ports);
  await enqueueLost(ports, 'template');
  await enqueueLost(ports, 'batch');
  await tellMintAgain(ports);
  await reportMissingQuotes(ports);
}

/** A task that crashed every worker has a letter of the runtime; its batch or template is given up here. */
async function endCrashedTasks(ports: SweepPorts): Promise<void> {
  for (const task of await ports.deadLetters.ofCrashedTasks(LIMIT)) {
    const error = 'no check of it came to an end';
    if (task.kind === 'batch') await giveUpBatch(ports, task, error);
    else await giveUpTemplate(ports, task, error);
    const reason = `kept as the letter of ${task.kind} ${task.id}`;
    await ports.deadLetters.markReplayed(task.letterId, reason, ports.clock.now());
  }
}

async function releaseAbandoned({ abandoned, templates, clock, scheduler }: SweepPorts): Promise<void> {
  const found = await abandoned.abandoned(clock.now(), LIMIT);
  for (const template of found) await templates.release(template, clock.now());
  if (found.length > 0) scheduler.wake();
}

/**
 * What is queued, was not touched for long, and is older than every unfinished task has lost its task. (Age alone would
 * enqueue a whole backlog again and again.)
 */
async function enqueueLost(ports: SweepPorts, kind: TaskKind): Promise<void> {
  const { clock, progress, queue, stuck, stuckMs, work } = ports;
  const oldest = await progress.oldestUnfinishedMs(kind);
  const before = unixMs(Math.max(0, Math.min(clock.now() - stuckMs, oldest)));
  const lost = await stuck[kind].lost(before, LIMIT);
  await Promise.all(lost.map((task) => queue.publish(task)));
  await work[kind].enqueued(lost, clock.now());
  countRequeued(lost.length);
}

async function tellMintAgain({ clock, settlements, breaches }: SweepPorts): Promise<void> {
  const { stuck } = await settlements.tellAgain(clock.now(), LIMIT);
  for (const scope of stuck) {
    const expected = 'the mint settles the quote of a judged batch';
    const found = 'neither paid nor failed, told three times again';
    await breaches.open({ rule: 'SETTLEMENT_STUCK', scope, expected, found }, clock.now(), undefined);
  }
}

async function reportMissingQuotes({ clock, settlements, breaches }: SweepPorts): Promise<void> {
  for (const scope of await settlements.takeMissingQuotes(clock.now(), LIMIT)) {
    const expected = 'the mint creates a quote for every batch with credit';
    await breaches.open({ rule: 'QUOTE_MISSING', scope, expected, found: 'no quote' }, clock.now(), undefined);
  }
}
