import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CheckTask, TaskKind } from '@assay/proto/gen/assay/auditor/v1/tasks';
import { BatchAccepted, TemplateDeclared } from '@assay/proto/gen/assay/pool/v1/events';
import { fromHex, toHex } from '@assay/shared/kernel/bytes';
import { unixMs } from '@assay/shared/kernel/clock';
import { publicKeyOf, xOnlyPublicKeyOf } from '@assay/shared/kernel/schnorr';
import { deadLetterStore } from '@assay/shared/runtime/dead-letters';
import { FakeClock } from '@assay/testkit/fake-clock';
import { mineShare, nextBatch, sealBatch } from '@assay/testkit/hostile-batch';
import { buildTemplate, honestParts, randomTransaction } from '@assay/testkit/hostile-template';
import { type TestDatabase, testDatabase } from '@assay/testkit/mongo';
import type { OutboxEntry } from '@assay/shared/runtime/outbox';
import { auditorStores, ensureAuditorDatabase } from '../src/adapters/mongo/stores.ts';
import { verdictSigner } from '../src/domain/verdict.ts';
import { checkBatch } from '../src/flows/check-batch.ts';
import { checkTemplate } from '../src/flows/check-template.ts';
import { enqueueDue } from '../src/flows/enqueue-due.ts';
import { rememberCarries, rememberJudged, rememberOwners, rememberTips } from '../src/flows/remember.ts';
import { takeInTemplate } from '../src/flows/take-in-template.ts';
import { watchNodes } from '../src/flows/watch-nodes.ts';
import { resumeAfterOutage } from '../src/loops.ts';
import type { BitcoinNode } from '../src/node-ports.ts';
import type { DueTask, PoolRules } from '../src/ports.ts';
import { AUDITOR_SECRET } from './running-auditor.ts';

const BATCHES = 10_000;
const KEYS = 50;
const AT_ONCE = 64;
const MINUTE_MS = 60_000;
const OUTAGE_MIN = 20;
/** So many of the queued tasks reach the worker each minute; the others stay in the queue. */
const PULLED_EACH_MINUTE = 100;
const TEST_MS = 300_000;
const GRACE_MS = 86_400_000;
const AUTO_REPLAYS = 3;
const SHARE_RULES = { ntimeAheadS: 7_200, staleGraceMs: 30_000 };
/** Every hash meets it. */
const ANY_HASH = new Uint8Array(32).fill(0xff);
const POOL_SECRET = randomBytes(32);
const SCRIPT = fromHex(`0014${'ab'.repeat(20)}`);
const RULES: PoolRules = {
  poolId: 'pool-1',
  poolKey: xOnlyPublicKeyOf(POOL_SECRET),
  creditShift: 0,
  maxTarget: ANY_HASH,
  mode: 'pool-only',
  versionMask: 0x1fff_e000,
  scripts: new Set([toHex(SCRIPT)]),
  minPoolPpm: 1_000_000,
};
const TEMPLATE = buildTemplate({
  ...honestParts({ poolId: RULES.poolId, script: SCRIPT }),
  transactions: [randomTransaction('witness')],
});

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await ensureAuditorDatabase(database.db);
});
afterAll(() => database.drop());

/** One share each, of a few keys by turns. */
function signedBatches(): BatchAccepted[] {
  const keys = Array.from({ length: KEYS }, () => ({
    ...{ lockingKey: publicKeyOf(randomBytes(32)), prefix: toHex(randomBytes(4)) },
    head: { keySeq: 0n, carry: 0n },
  }));
  return Array.from({ length: BATCHES / KEYS }, () => keys).flatMap((round) =>
    round.map((key) => {
      const shares = [mineShare(TEMPLATE.declared, { prefix: key.prefix, target: ANY_HASH })];
      const parts = { poolId: RULES.poolId, lockingKey: key.lockingKey, template: TEMPLATE.declared, shares };
      const batch = nextBatch(key.head, parts, { creditShift: RULES.creditShift, target: ANY_HASH });
      key.head = { keySeq: batch.keySeq, carry: batch.carryOut };
      return sealBatch(batch, POOL_SECRET);
    }),
  );
}

/** A node that can be taken away, and counts what it was asked. */
function scriptedNode(id: string) {
  const state = { up: true, proposals: 0 };
  const node: BitcoinNode = {
    id,
    propose: () => {
      if (state.up) state.proposals += 1;
      return Promise.resolve(state.up ? { kind: 'word', word: 'null' } : { kind: 'silent', why: 'transport-error' });
    },
    status: () => {
      const status = { bestBlock: '00'.repeat(32), height: 840_000, initialBlockDownload: false };
      return Promise.resolve(state.up ? status : undefined);
    },
    parentOf: () => Promise.resolve(undefined),
  };
  return { state, node };
}

type Task = Pick<DueTask, 'kind' | 'id' | 'revision'>;

/** The flows of one auditor; its queue of tasks and its sight of the nodes are the test's to move. */
function startFlows(nodes: readonly BitcoinNode[]) {
  const clock = new FakeClock(unixMs(Date.now()));
  const queue: Record<'batch' | 'template', Task[]> = { batch: [], template: [] };
  const committed = (_: string, __: string, { event, body }: OutboxEntry) => {
    if (!event.startsWith('auditor.check-')) return;
    const { kind, id, revision } = CheckTask.decode(body);
    const name = kind === TaskKind.TASK_KIND_BATCH ? 'batch' : 'template';
    queue[name].push({ kind: name, id, revision });
  };
  const relay = { wake: () => undefined, committed };
  const letters = deadLetterStore(database.db, 'auditor');
  const stores = auditorStores(database.db, letters, { owner: 'tests', settleGraceMs: GRACE_MS, relay });
  const { breaches, bodies, waits, deadLetters, templateWaits } = stores;
  const circuit = watchNodes(nodes, nodes.length);
  const ports = {
    ...{ clock, breaches, bodies, waits, circuit, nodes, deadLetters, templateWaits, letters: stores.letters },
    ...{ shareRules: SHARE_RULES, quorum: nodes.length, pools: new Map([[RULES.poolId, RULES]]) },
    batches: rememberCarries(stores.batches),
    templates: rememberJudged(stores.templates),
    owners: rememberOwners(stores.owners),
    tips: rememberTips(stores.tips, clock, SHARE_RULES.staleGraceMs),
    bodySource: { fetch: () => Promise.resolve({ kind: 'body' as const, body: TEMPLATE.body }) },
    signer: verdictSigner(fromHex(AUDITOR_SECRET)),
    scheduler: { wake: () => undefined },
    dice: (max: number) => Math.floor(max / 2),
  };
  const run = (task: Task) =>
    (task.kind === 'batch' ? checkBatch : checkTemplate)(ports, { ...task, deliveries: 1, trace: undefined });
  const due = { waiting: [stores.work.template, stores.work.batch], queue: { publish: keepTask } };
  function keepTask(task: Task): Promise<void> {
    queue[task.kind].push(task);
    return Promise.resolve();
  }
  return {
    clock,
    takeInTemplate: (declared: TemplateDeclared) =>
      takeInTemplate(
        { ...ports, intake: stores.templateIntake },
        { template: declared, raw: TemplateDeclared.encode(declared).finish(), trace: undefined },
      ),
    /** As the intake does once it has checked the signature. */
    queueBatch: (batch: BatchAccepted) => {
      const carried = { wellShaped: true, carryAfter: batch.carryOut };
      const arrived = { raw: BatchAccepted.encode(batch).finish(), receivedAtMs: clock.now(), trace: undefined };
      return stores.batchIntake.insert({ batch, ...carried, ...arrived });
    },
    /** Each node once, as its watcher does all the time. */
    lookAtNodes: async () => {
      for (const node of nodes) if ((await circuit.look(node)).closed) await resumeAfterOutage(ports, AUTO_REPLAYS);
    },
    enqueue: () => enqueueDue({ clock, ...due }),
    /** Carries out the tasks that a worker pulls now. */
    work: async (batches = Infinity) => {
      if (!circuit.isOpen()) await atOnce(queue.template.splice(0), run);
      await atOnce(queue.batch.splice(0, batches), run);
    },
    queued: () => queue.batch.length,
  };
}

/** `AT_ONCE` at a time. */
async function atOnce<T>(items: readonly T[], run: (item: T) => Promise<unknown>): Promise<void> {
  const left = [...items].reverse();
  const worker = async () => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await run(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function statesOf(collection: 'batches' | 'templates') {
  const counted = {
    $group: { _id: { $concat: ['$state', ' ', '$code'] }, count: { $sum: 1 }, attempts: { $max: '$attempt' } },
  };
  return database.db
    .collection(collection)
    .aggregate([counted, { $sort: { _id: 1 } }])
    .toArray();
}

describe('A6: both nodes are away for twenty minutes, with 10,000 batches queued', () => {
  it(
    'and no attempt is lost, nothing becomes a dead letter, and all are judged after their return',
    async () => {
      const nodes = ['a', 'b'].map(scriptedNode);
      const auditor = startFlows(nodes.map(({ node }) => node));
      await auditor.lookAtNodes();
      for (const { state } of nodes) state.up = false;
      await auditor.takeInTemplate(TEMPLATE.declared);
      // A worker has the template in hand before anybody has seen that the nodes are away: that costs the one attempt.
      await auditor.work();
      await atOnce(signedBatches(), auditor.queueBatch);
      for (let minute = 0; minute < OUTAGE_MIN; minute += 1) {
        await auditor.lookAtNodes();
        await auditor.enqueue();
        await auditor.work(PULLED_EACH_MINUTE);
        auditor.clock.advance(MINUTE_MS);
      }
      const pulled = OUTAGE_MIN * PULLED_EACH_MINUTE;
      expect(await statesOf('templates')).toEqual([{ _id: 'HELD HOLD_NODE_UNAVAILABLE', count: 1, attempts: 1 }]);
      expect(await statesOf('batches')).toEqual([
        { _id: 'QUEUED ', count: BATCHES - pulled, attempts: 0 },
        { _id: 'QUEUED HOLD_NODE_UNAVAILABLE', count: pulled, attempts: 0 },
      ]);

      for (const { state } of nodes) state.up = true;
      await auditor.lookAtNodes();
      await auditor.work();
      await auditor.enqueue();
      await auditor.work();
      expect(await statesOf('batches')).toEqual([{ _id: 'VALID OK', count: BATCHES, attempts: 0 }]);
      expect(await database.db.collection('deadLetters').countDocuments()).toBe(0);
      expect(nodes.map(({ state }) => state.proposals)).toEqual([1, 1]);
    },
    TEST_MS,
  );
});
