import { CATALOGUE, deadLetterSubject } from '@assay/proto/catalogue';
import { CheckTask } from '@assay/proto/gen/assay/auditor/v1/tasks';
import { unixMs } from '@assay/shared/kernel/clock';
import { consume, CONSUMER_COLLECTIONS, type ConsumeOptions, type Delivery } from '@assay/shared/runtime/consumer';
import { type DeadLetter, deadLetterStore } from '@assay/shared/runtime/dead-letters';
import { ensureCollections } from '@assay/shared/runtime/mongo';
import { type Bus, connectNats, ensureStreams, publishEvent } from '@assay/shared/runtime/nats';
import { testContext, type TestContext } from '@assay/testkit/context';
import { FakeClock } from '@assay/testkit/fake-clock';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { type NatsServer, startNats } from '@assay/testkit/servers';
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

type Check = 'auditor.check-batch';
type Handle = ConsumeOptions<Check>['handle'];

const DURABLE = 'auditor-batches';
const SUBJECT = CATALOGUE['auditor.check-batch'].subject;

let nats: NatsServer;
let stored: TestDatabase;
let clock: FakeClock;
let context: TestContext;
let bus: Bus;

beforeAll(async () => {
  nats = await startNats();
});
afterAll(() => nats.stop());

beforeEach(async () => {
  stored = await testDatabase();
  await ensureCollections(stored.db, CONSUMER_COLLECTIONS);
  clock = new FakeClock();
  context = testContext({ name: 'auditor', clock });
  bus = await connectNats(context, { url: nats.url });
  await ensureStreams(bus, 'auditor', ['AUDITOR_TASKS']);
});
afterEach(async () => {
  await context.stop();
  const admin = testContext();
  const { jsm } = await connectNats(admin, { url: nats.url });
  for (const stream of ['AUDITOR_TASKS', 'ADVISORY', 'DLQ']) await jsm.streams.delete(stream).catch(() => undefined);
  await admin.stop();
  await stored.drop();
});

const start = (handle: Handle, options: Partial<ConsumeOptions<Check>> = {}, on = { context, bus }) =>
  consume(on.context, stored.db, on.bus, {
    durable: DURABLE,
    events: ['auditor.check-batch'],
    concurrency: 4,
    handle,
    ...options,
  });
const publish = (id: string, trace?: { traceparent: string }) =>
  publishEvent(bus, 'auditor.check-batch', CheckTask.fromPartial({ kind: 1, id, revision: 0 }), trace ? { trace } : {});
const letters = () => stored.db.collection<DeadLetter>('deadLetters');
const waitingCount = () => stored.db.collection('waitingMessages').countDocuments();
const eventually = (check: () => Promise<void> | void) => vi.waitFor(check, { timeout: 90_000, interval: 25 });
const allAcked = () =>
  eventually(async () => {
    const info = await bus.jsm.consumers.info('AUDITOR_TASKS', DURABLE);
    expect({ waiting: info.num_pending, unacked: info.num_ack_pending }).toEqual({ waiting: 0, unacked: 0 });
  });

describe('a message', () => {
  it('is handled once and acked, by a consumer of the wanted kind', async () => {
    const seen: Delivery<Check>[] = [];
    start(async (delivery) => {
      seen.push(delivery);
      return { do: 'ack' };
    });
    for (let n = 0; n < 100; n += 1) await publish(`b-${n}`);
    await eventually(() => expect(seen).toHaveLength(100));
    await allAcked();
    expect(seen[0]).toMatchObject({ messageId: 'batch:b-0:0', subject: SUBJECT, deliveries: 1, attempt: 0 });
    expect(seen[0]?.message).toEqual(CheckTask.fromPartial({ kind: 1, id: 'b-0', revision: 0 }));
    const { config } = await bus.jsm.consumers.info('AUDITOR_TASKS', DURABLE);
    expect(config).toMatchObject({ ack_policy: 'explicit', ack_wait: 30e9, max_deliver: 20, max_ack_pending: 256 });
    expect(config.backoff).toBeUndefined();
  });

  it('is shared out between instances, with the limit on what each has at once', async () => {
    const other = testContext({ name: 'auditor' });
    const counts = [0, 0];
    let together = 0;
    let most = 0;
    const worker =
      (index: number): Handle =>
      async () => {
        counts[index] = (counts[index] ?? 0) + 1;
        together += 1;
        most = Math.max(most, together);
        await new Promise((resolve) => setTimeout(resolve, 5));
        together -= 1;
        return { do: 'ack' };
      };
    for (let n = 0; n < 200; n += 1) await publish(`b-${n}`);
    start(worker(0));
    start(worker(1), {}, { context: other, bus: await connectNats(other, { url: nats.url }) });
    await allAcked();
    expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(200);
    expect(Math.min(...counts)).toBeGreaterThan(40);
    expect(most).toBeLessThanOrEqual(8);
    await other.stop();
  });

  it('in flight at the stop is ended and acked', async () => {
    let finish = () => undefined as void;
    let begun = false;
    start(async () => {
      begun = true;
      await new Promise<void>((resolve) => (finish = resolve));
      return { do: 'ack' };
    });
    await publish('b-1');
    await eventually(() => expect(begun).toBe(true));
    const stopped = context.stop();
    finish();
    await stopped;
    const later = testContext();
    bus = await connectNats(later, { url: nats.url });
    await allAcked();
    await later.stop();
  });

  it('is not begun while the consumer is paused', async () => {
    let paused = true;
    let handled = 0;
    start(async () => ({ do: (handled += 1) ? 'ack' : 'ack' }), { paused: () => paused });
    await publish('b-1');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(handled).toBe(0);
    paused = false;
    await allAcked();
    expect(handled).toBe(1);
  });
});

describe('a message that cannot be accepted', () => {
  it('is poison when it does not decode: a dead letter, then never again', async () => {
    start(async () => ({ do: 'ack' }));
    const raw = randomBytes(40).fill(0xff, 0, 8);
    await bus.js.publish(SUBJECT, raw, { msgID: 'junk' });
    await eventually(async () => expect(await letters().countDocuments()).toBe(1));
    await allAcked();
    const letter = await letters().findOne({});
    expect(letter).toMatchObject({
      class: 'POISON',
      code: 'UNDECODABLE',
      state: 'OPEN',
      deliveries: 1,
      durable: DURABLE,
    });
    expect(letter?._id).toMatch(/^poison:[0-9a-f]{64}$/);
    expect(Buffer.from(letter?.raw ?? []).equals(raw)).toBe(true);
    expect(letter?.outbox).toMatchObject([
      { subject: deadLetterSubject('auditor', DURABLE), id: `dead-letter:${letter?._id}` },
    ]);
    const store = deadLetterStore(stored.db, 'auditor');
    const decision = { reason: 'cannot ever be read', at: unixMs(clock.now()) };
    expect(await store.replay(letter?._id ?? '', decision)).toEqual({ ok: false, error: 'DEAD_LETTER_POISON' });
    expect(await store.markDropped(letter?._id ?? '', decision)).toMatchObject({
      ok: true,
      value: { state: 'DROPPED' },
    });
  });

  it('is a dead letter of the class that the handler names', async () => {
    start(async () => ({
      do: 'dead-letter',
      class: 'DISAGREE',
      code: 'HOLD_NODES_DISAGREE',
      error: 'x'.repeat(5_000),
    }));
    await publish('b-1', { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' });
    await eventually(async () => expect(await letters().countDocuments()).toBe(1));
    await allAcked();
    const letter = await letters().findOne({});
    expect(letter).toMatchObject({ _id: `${DURABLE}/batch:b-1:0#0`, class: 'DISAGREE', messageId: 'batch:b-1:0' });
    expect(letter?.error).toHaveLength(2_000);
    expect(letter?.trace?.traceparent).toContain('0af7651916cd43dd8448eb211c80319c');
  });
});

describe('a message that has to wait', () => {
  it('waits in the database for its delays, and then is a dead letter', async () => {
    const attempts: number[] = [];
    start(async (delivery) => {
      attempts.push(delivery.attempt);
      return { do: 'wait', code: 'HOLD_PREVIOUS_BATCH', delaysMs: [5_000, 15_000], class: 'SEQUENCE' };
    });
    await publish('b-1');
    await eventually(async () => expect(await waitingCount()).toBe(1));
    await allAcked();
    clock.advance(4_000);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(attempts).toEqual([0]);
    clock.advance(1_600);
    await eventually(() => expect(attempts).toEqual([0, 1]));
    clock.advance(16_600);
    await eventually(async () => expect(await letters().countDocuments()).toBe(1));
    expect(attempts).toEqual([0, 1, 2]);
    await eventually(async () => expect(await waitingCount()).toBe(0));
    expect(await letters().findOne({})).toMatchObject({
      class: 'SEQUENCE',
      code: 'HOLD_PREVIOUS_BATCH',
      deliveries: 3,
    });
  });

  it('runs in one instance only, and goes when it was handled', async () => {
    const other = testContext({ name: 'auditor', clock });
    let runs = 0;
    const handle: Handle = async ({ attempt }) => {
      if (attempt === 0) return { do: 'wait', code: 'HOLD', delaysMs: [1_000], class: 'SEQUENCE' };
      runs += 1;
      return { do: 'ack' };
    };
    start(handle);
    start(handle, {}, { context: other, bus: await connectNats(other, { url: nats.url }) });
    for (let n = 0; n < 50; n += 1) await publish(`b-${n}`);
    await eventually(async () => expect(await waitingCount()).toBe(50));
    clock.advance(1_200);
    await eventually(async () => expect(await waitingCount()).toBe(0));
    expect(runs).toBe(50);
    await other.stop();
  });
});

describe('a replayed dead letter', () => {
  it('goes through the same handler again, and a second failure is a new letter', async () => {
    let good = false;
    const attempts: number[] = [];
    start(async ({ attempt }) => {
      attempts.push(attempt);
      return good ? { do: 'ack' } : { do: 'dead-letter', class: 'DEPENDENCY', code: 'HOLD_NODE_BEHIND' };
    });
    await publish('b-1');
    await eventually(async () => expect(await letters().countDocuments()).toBe(1));
    const store = deadLetterStore(stored.db, 'auditor');
    const decision = { reason: 'the node is back', at: unixMs(clock.now()) };
    const first = `${DURABLE}/batch:b-1:0#0`;
    expect(await store.replay(first, decision)).toMatchObject({ ok: true, value: { state: 'REPLAYED' } });
    expect(await store.replay(first, decision)).toEqual({ ok: false, error: 'DEAD_LETTER_CLOSED' });
    await eventually(async () => expect(await letters().countDocuments()).toBe(2));
    good = true;
    expect(await store.replay(`${DURABLE}/batch:b-1:0#1`, decision)).toMatchObject({ ok: true });
    await eventually(() => expect(attempts).toEqual([0, 0, 0]));
    await eventually(async () => expect(await waitingCount()).toBe(0));
    expect(await letters().countDocuments({ state: 'OPEN' })).toBe(0);
    expect(await store.replay('nobody', decision)).toEqual({ ok: false, error: 'DEAD_LETTER_UNKNOWN' });
    expect(await store.markDropped(first, { ...decision, reason: 'short' })).toEqual({
      ok: false,
      error: 'REASON_TOO_SHORT',
    });
  });
});
