import type { Collection, Db } from 'mongodb';
import { CheckTask, TaskKind } from '@assay/proto/gen/assay/auditor/v1/tasks';
import { VerdictGiven } from '@assay/proto/gen/assay/auditor/v1/events';
import { BatchAccepted, TemplateDeclared } from '@assay/proto/gen/assay/pool/v1/events';
import { assert } from '@assay/shared/kernel/assert';
import { type Bytes, fromHex } from '@assay/shared/kernel/bytes';
import { deadLetterStore } from '@assay/shared/runtime/dead-letters';
import type { OutboxEntry } from '@assay/shared/runtime/outbox';
import type { FakeClock } from '@assay/testkit/fake-clock';
import type { BuiltTemplate } from '@assay/testkit/hostile-template';
import type { BatchDocument } from '../src/adapters/mongo/batch-document.ts';
import { auditorStores } from '../src/adapters/mongo/stores.ts';
import { verdictSigner } from '../src/domain/verdict.ts';
import { checkBatch } from '../src/flows/check-batch.ts';
import { checkTemplate } from '../src/flows/check-template.ts';
import { enqueueDue } from '../src/flows/enqueue-due.ts';
import { rememberCarries, rememberJudged, rememberOwners, rememberTips } from '../src/flows/remember.ts';
import { sweep } from '../src/flows/sweep.ts';
import { takeInBatch } from '../src/flows/take-in-batch.ts';
import { takeInTemplate } from '../src/flows/take-in-template.ts';
import type { PoolRules, TaskQueue } from '../src/ports.ts';
import { Crash, type Failpoints, mortal } from './failpoints.ts';
import { AUDITOR_SECRET } from './running-auditor.ts';

const TURNS_MAX = 400;
const IDLE_MS = 10_000;
const GRACE_MS = 86_400_000;
const SHARE_RULES = { ntimeAheadS: 7_200, staleGraceMs: 30_000 };
const OUTBOXES = ['batches', 'templates'] as const;

export type Fact = { readonly template: BuiltTemplate } | { readonly batch: BatchAccepted };
type Message = Fact | { readonly task: CheckTask };

export interface World {
  readonly db: Db;
  readonly clock: FakeClock;
  readonly rules: PoolRules;
  readonly template: BuiltTemplate;
}

/** What outlives a process besides the database: messages without ack, oldest first, and what was published. */
class Outside {
  readonly queue: Message[] = [];
  readonly told: VerdictGiven[] = [];
  batches = 0;
  /** Of the first message of the queue. */
  deliveries = 0;
  readonly #stages: (readonly Fact[])[];

  constructor(stages: readonly (readonly Fact[])[]) {
    this.#stages = [...stages];
  }

  /** Lets the next facts arrive; false when there are none. */
  advance(): boolean {
    const facts = this.#stages.shift() ?? [];
    this.queue.push(...facts);
    this.batches += facts.filter((fact) => 'batch' in fact).length;
    return facts.length > 0;
  }

  publish({ event, body }: OutboxEntry): Promise<void> {
    if (event === 'auditor.verdict.given') this.told.push(VerdictGiven.decode(body));
    else if (event.startsWith('auditor.check-')) this.queue.push({ task: CheckTask.decode(body) });
    return Promise.resolve();
  }

  enqueue({ kind, id, revision }: Parameters<TaskQueue['publish']>[0]): Promise<void> {
    const kinds = { batch: TaskKind.TASK_KIND_BATCH, template: TaskKind.TASK_KIND_TEMPLATE };
    this.queue.push({ task: { kind: kinds[kind], id, revision } });
    return Promise.resolve();
  }

  ack(): Promise<void> {
    this.queue.shift();
    this.deliveries = 0;
    return Promise.resolve();
  }
}

/**
 * Lets an auditor work on the facts until every batch is judged and told; whenever it crashes another one starts. The facts
 * of a stage arrive when the batches before it are judged: whose claim is first follows from the order of verdicts.
 */
export async function auditThrough(
  world: World,
  stages: readonly (readonly Fact[])[],
  points: Failpoints,
): Promise<VerdictGiven[]> {
  const outside = new Outside(stages);
  let auditor = startMortal(world, outside, points);
  for (let turn = 0; turn < TURNS_MAX; turn += 1) {
    try {
      await auditor.relay();
      await auditor.enqueue();
      if (outside.queue.length > 0) await auditor.work();
      else if ((await auditor.settled()) < outside.batches) await auditor.idle();
      else if (!outside.advance()) return outside.told;
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      auditor = startMortal(world, outside, points);
    }
  }
  throw new Error(`stuck: ${JSON.stringify(outside.queue)}`);
}

function startMortal(world: World, outside: Outside, points: Failpoints) {
  const { db, clock } = world;
  const life = mortal(points);
  const ports = portsOf(world, life);
  const bus = life.port(outside, ['publish', 'ack']);
  const queue = life.port({ publish: (task) => outside.enqueue(task) } satisfies TaskQueue, ['publish']);
  const { stores, work } = ports;
  const removal = life.port({ remove: removeEntry }, ['remove']);
  return {
    relay: async () => {
      for (const name of OUTBOXES) {
        const collection = db.collection<BatchDocument>(name);
        for (const document of await collection.find({ 'outbox.0': { $exists: true } }).toArray()) {
          for (const entry of document.outbox) {
            await bus.publish(entry);
            await removal.remove(collection, document._id, entry.id);
          }
        }
      }
    },
    enqueue: () => enqueueDue({ clock, waiting: [work.template, work.batch], queue }),
    work: async () => {
      const [message] = outside.queue;
      assert(message !== undefined, 'there is work');
      outside.deliveries += 1;
      await handle(ports, message, outside.deliveries);
      await bus.ack();
    },
    idle: async () => {
      clock.advance(IDLE_MS);
      const progress = { oldestUnfinishedMs: () => Promise.resolve<number>(clock.now()) };
      const { settlements, deadLetters } = stores;
      const stuck = { batch: stores.stuck.batch, template: stores.stuck.template };
      const found = { stuck, abandoned: stores.stuck.template, stuckMs: 2 * IDLE_MS };
      await sweep({ ...ports, ...found, progress, queue, settlements, deadLetters });
    },
    settled: () => db.collection('batches').countDocuments({ 'verdict.result': { $exists: true } }),
  };
}

async function removeEntry(collection: Collection<BatchDocument>, id: string, entryId: string): Promise<void> {
  await collection.updateOne({ _id: id }, { $pull: { outbox: { id: entryId } } });
}

type Ports = ReturnType<typeof portsOf>;

function portsOf({ db, clock, rules, template }: World, life: ReturnType<typeof mortal>) {
  const relay = { wake: () => undefined, committed: () => undefined };
  const options = { owner: 'mortal', settleGraceMs: GRACE_MS, relay };
  const stores = auditorStores(db, deadLetterStore(db, 'auditor'), options);
  const decisions = life.port(stores.batches, ['settle', 'hold', 'giveUp']);
  const checks = life.port(stores.templates, ['take', 'settle', 'hold', 'giveUp', 'release']);
  const claims = life.port(stores.owners, ['claim']);
  const { breaches, letters } = stores;
  return {
    ...{ stores, clock, breaches, letters, shareRules: SHARE_RULES, quorum: 1 },
    pools: new Map([[rules.poolId, rules]]),
    batches: rememberCarries(decisions),
    templates: rememberJudged(checks),
    owners: rememberOwners(claims),
    tips: rememberTips(stores.tips, clock, SHARE_RULES.staleGraceMs),
    waits: life.port(stores.waits, ['wake', 'wakeSuccessor', 'wakeTemplateWaiters']),
    work: {
      batch: life.port(stores.work.batch, ['enqueued']),
      template: life.port(stores.work.template, ['enqueued']),
    },
    intake: {
      batch: life.port(stores.batchIntake, ['insert']),
      template: life.port(stores.templateIntake, ['insert']),
    },
    bodies: stores.bodies,
    bodySource: { fetch: () => Promise.resolve({ kind: 'body' as const, body: template.body }) },
    nodes: [acceptingNode()],
    circuit: { isOpen: () => false },
    signer: verdictSigner(fromHex(AUDITOR_SECRET)),
    scheduler: { wake: () => undefined },
    pauseMint: () => undefined,
    dice: (max: number) => Math.floor(max / 2),
  };
}

function acceptingNode() {
  return {
    id: 'node-a',
    propose: (_: Bytes) => Promise.resolve({ kind: 'word' as const, word: 'null' }),
    status: () => Promise.resolve(undefined),
    parentOf: () => Promise.resolve(undefined),
  };
}

async function handle(ports: Ports, message: Message, deliveries: number): Promise<void> {
  if ('template' in message) {
    const intake = { ...ports, intake: ports.intake.template };
    const { declared } = message.template;
    await takeInTemplate(intake, {
      template: declared,
      raw: TemplateDeclared.encode(declared).finish(),
      trace: undefined,
    });
  } else if ('batch' in message) {
    const intake = { ...ports, intake: ports.intake.batch };
    await takeInBatch(intake, {
      batch: message.batch,
      raw: BatchAccepted.encode(message.batch).finish(),
      trace: undefined,
    });
  } else {
    const task = { ...message.task, deliveries, trace: undefined };
    if (message.task.kind === TaskKind.TASK_KIND_BATCH) await checkBatch(ports, task);
    else await checkTemplate(ports, task);
  }
}
