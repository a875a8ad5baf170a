import type { Db } from 'mongodb';
import { consume, type Delivery, type Disposition } from '@assay/shared/runtime/consumer';
import type { Bus } from '@assay/shared/runtime/nats';
import type { ServiceContext } from '@assay/shared/runtime/service';
import { currentTrace } from '@assay/shared/runtime/telemetry';
import { stackOf } from '@assay/shared/kernel/fault-text';
import { TASK_CONSUMERS } from '../../domain/tasks.ts';
import { checkBatch } from '../../flows/check-batch.ts';
import { checkTemplate } from '../../flows/check-template.ts';
import { giveUpBatch } from '../../flows/give-up-batch.ts';
import { giveUpTemplate } from '../../flows/give-up-template.ts';
import type { TemplatePorts } from '../../ports.ts';
import { checkBatchSpan, checkTemplateSpan } from '../../telemetry.ts';

/** Bounds crashes only: what has to wait waits in the database. */
const DELIVERIES_MAX = 20;
const TEMPLATE_CONCURRENCY = 4;
const ERROR_CHARACTERS_MAX = 2_000;

type Task = Delivery<'auditor.check-batch' | 'auditor.check-template-pool'>;

/** Carries out tasks, several at a time, while the queue is not paused. */
export function consumeTasks(
  context: ServiceContext,
  db: Db,
  bus: Bus,
  options: { ports: TemplatePorts; concurrency: number; isPaused: () => boolean },
): void {
  const { ports, concurrency, isPaused } = options;
  consume(context, db, bus, {
    durable: TASK_CONSUMERS.batch,
    events: ['auditor.check-batch'],
    concurrency,
    maxDeliver: DELIVERIES_MAX,
    paused: isPaused,
    handle: (task) =>
      orGiveUp(
        task,
        () => runBatchTask(ports, task),
        (error) => giveUpBatch(ports, of(task), error),
      ),
  });
  consume(context, db, bus, {
    durable: TASK_CONSUMERS.template,
    events: ['auditor.check-template-pool'],
    concurrency: TEMPLATE_CONCURRENCY,
    maxDeliver: DELIVERIES_MAX,
    paused: () => isPaused() || ports.circuit.isOpen(),
    handle: (task) =>
      orGiveUp(
        task,
        () => runTemplateTask(ports, task),
        (error) => giveUpTemplate(ports, of(task), error),
      ),
  });
}

const of = ({ message, deliveries }: Task) => ({ id: message.id, revision: message.revision, deliveries });

async function runBatchTask(ports: TemplatePorts, task: Task): Promise<void> {
  await checkBatchSpan(task.message.id, async (span) => {
    const outcome = await checkBatch(ports, { ...of(task), trace: currentTrace() });
    span.note({ 'assay.outcome': outcome.kind });
    if (outcome.kind === 'nothing-to-do') return;
    const { template, code, attempt } = outcome;
    span.note({ 'assay.template': template, 'assay.code': code, 'assay.attempt': attempt });
  });
}

async function runTemplateTask(ports: TemplatePorts, task: Task): Promise<void> {
  await checkTemplateSpan(task.message.id, async (span) => {
    const outcome = await checkTemplate(ports, { ...of(task), trace: currentTrace() });
    span.note({ 'assay.outcome': outcome.kind });
    if (outcome.kind !== 'nothing-to-do') span.note({ 'assay.code': outcome.code, 'assay.attempt': outcome.attempt });
  });
}

/** A fault is thrown on, to be delivered again; at the last delivery the work is given up instead. */
async function orGiveUp(
  { deliveries }: Task,
  run: () => Promise<void>,
  giveUp: (error: string) => Promise<void>,
): Promise<Disposition> {
  try {
    await run();
  } catch (error) {
    if (deliveries < DELIVERIES_MAX) throw error;
    const text = stackOf(error);
    await giveUp(text.slice(0, ERROR_CHARACTERS_MAX));
  }
  return { do: 'ack' };
}
