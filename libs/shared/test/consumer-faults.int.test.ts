import { CATALOGUE } from '@assay/proto/catalogue';
import { CheckTask } from '@assay/proto/gen/assay/auditor/v1/tasks';
import { consume, CONSUMER_COLLECTIONS, type ConsumeOptions } from '@assay/shared/runtime/consumer';
import type { DeadLetter } from '@assay/shared/runtime/dead-letters';
import { createLogger } from '@assay/shared/runtime/log';
import { connectMongo, ensureCollections } from '@assay/shared/runtime/mongo';
import { type Bus, connectNats, ensureStreams, publishEvent } from '@assay/shared/runtime/nats';
import { traceIdOf } from '@assay/shared/runtime/telemetry';
import { startTracing } from '@assay/shared/runtime/tracing';
import { testContext, type TestContext } from '@assay/testkit/context';
import { type MongoServer, type NatsServer, startMongod, startNats } from '@assay/testkit/servers';
import { AckPolicy } from '@nats-io/jetstream';
import { nanos } from '@nats-io/nats-core';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import type { Db, Document } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

type Handle = ConsumeOptions<'auditor.check-batch'>['handle'];

const DURABLE = 'auditor-batches';
const SUBJECT = CATALOGUE['auditor.check-batch'].subject;
const TRACE = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };

let nats: NatsServer;
let mongod: MongoServer;
let context: TestContext;
let bus: Bus;
let db: Db;
let published = 0;

// Servers of its own: they are killed and started again.
beforeAll(async () => {
  [nats, mongod] = await Promise.all([startNats(), startMongod()]);
});
afterAll(() => Promise.all([nats.stop(), mongod.stop()]));

beforeEach(async () => {
  context = testContext({ name: 'auditor' });
  bus = await connectNats(context, { url: nats.url });
  db = await connectMongo(context, { uri: mongod.uri, database: 'auditor' });
  await ensureCollections(db, CONSUMER_COLLECTIONS);
  await ensureStreams(bus, 'auditor', ['AUDITOR_TASKS', 'ADVISORY']);
});
afterEach(async () => {
  await db.dropDatabase();
  await bus.jsm.streams.delete('AUDITOR_TASKS');
  await context.stop();
});

const start = (handle: Handle, options: Partial<ConsumeOptions<'auditor.check-batch'>> = {}) =>
  consume(context, db, bus, { durable: DURABLE, events: ['auditor.check-batch'], concurrency: 4, handle, ...options });
const publish = async (trace?: { traceparent: string }) => {
  published += 1;
  const task = CheckTask.fromPartial({ kind: 1, id: `b-${published}`, revision: 0 });
  await publishEvent(bus, 'auditor.check-batch', task, trace ? { trace } : {});
};
const letters = () => db.collection<DeadLetter>('deadLetters');
const eventually = (check: () => Promise<void> | void) => vi.waitFor(check, { timeout: 90_000, interval: 25 });
const allAcked = () =>
  eventually(async () => {
    const info = await bus.jsm.consumers.info('AUDITOR_TASKS', DURABLE);
    expect({ waiting: info.num_pending, unacked: info.num_ack_pending }).toEqual({ waiting: 0, unacked: 0 });
  });

describe('a fault of the handler', () => {
  it('at the last delivery is a dead letter ERROR, and the message ends', async () => {
    start(() => Promise.reject(new TypeError('of undefined')), { maxDeliver: 1 });
    await publish(TRACE);
    await eventually(async () => expect(await letters().countDocuments()).toBe(1));
    const letter = await letters().findOne({});
    expect(letter).toMatchObject({ class: 'ERROR', code: 'HANDLER_FAULT', deliveries: 1, durable: DURABLE });
    expect(traceIdOf(letter?.trace)).toBe(traceIdOf(TRACE));
    expect(letter?.error).toContain('TypeError: of undefined');
    await allAcked();
  });

  it('before the last delivery lets the message come again after the ack wait', async () => {
    const deliveries: number[] = [];
    start(async (delivery) => {
      deliveries.push(delivery.deliveries);
      if (delivery.deliveries === 1) throw new Error('once');
      return { do: 'ack' };
    });
    await publish();
    await eventually(() => expect(deliveries).toEqual([1, 2]));
    await allAcked();
    expect(await letters().countDocuments()).toBe(0);
  });
});

describe('a message whose handler takes its process down each time', () => {
  it('ends as a dead letter ERROR by the advisory of the server', async () => {
    await bus.jsm.consumers.add('AUDITOR_TASKS', {
      ...{ name: DURABLE, durable_name: DURABLE, ack_policy: AckPolicy.Explicit },
      ...{ max_deliver: 1, ack_wait: nanos(500), filter_subjects: [SUBJECT] },
    });
    await publish(TRACE);
    const consumer = await bus.js.consumers.get('AUDITOR_TASKS', DURABLE);
    expect((await consumer.next({ expires: 5_000 }))?.info.deliveryCount).toBe(1);
    // Nobody acks. The next one who asks gets nothing, and the server tells why, to whoever reads it later.
    expect(await consumer.next({ expires: 2_000 })).toBeNull();
    start(async () => ({ do: 'ack' }), { maxDeliver: 1 });
    await eventually(async () => expect(await letters().countDocuments()).toBe(1));
    const letter = await letters().findOne({});
    expect(letter).toMatchObject({ class: 'ERROR', code: 'MAX_DELIVERIES', deliveries: 1 });
    expect(traceIdOf(letter?.trace)).toBe(traceIdOf(TRACE));
    expect(CheckTask.decode(letter?.raw ?? new Uint8Array()).id).toBe(`b-${published}`);
  });
});

describe('a waiting message', () => {
  const waiting = (more: object) => {
    const task = CheckTask.fromPartial({ kind: 1, id: 'w', revision: 0 });
    return {
      ...{ durable: DURABLE, subject: SUBJECT, messageId: 'batch:w:0', headers: {} },
      ...{ raw: CheckTask.encode(task).finish(), code: 'HOLD', attempt: 1, revision: 0, deliveries: 2, runs: 0 },
      ...{ firstSeenAt: new Date(), dueAt: new Date(0), version: 1, ...more },
    };
  };
  const put = (more: object = {}) =>
    db
      .collection<Document & { _id: string }>('waitingMessages')
      .insertOne({ _id: `${DURABLE}/batch:w:0`, ...waiting(more) });

  it('whose instance crashed while it ran is run by another one when its claim is over', async () => {
    await put({ dueAt: new Date(Date.now() + 1_500), version: 2, runs: 1 });
    let attempt = 0;
    start(async (delivery) => {
      attempt = delivery.attempt;
      return { do: 'ack' };
    });
    await eventually(async () => expect(await db.collection('waitingMessages').countDocuments()).toBe(0));
    expect(attempt).toBe(1);
  });

  it('that takes its process down at each run ends as a dead letter', async () => {
    await put({ runs: 20 });
    let runs = 0;
    start(async () => ({ do: (runs += 1) > 0 ? 'ack' : 'ack' }));
    await eventually(async () => expect(await db.collection('waitingMessages').countDocuments()).toBe(0));
    expect(runs).toBe(0);
    expect(await letters().findOne({})).toMatchObject({
      class: 'ERROR',
      code: 'MAX_DELIVERIES',
      messageId: 'batch:w:0',
    });
  });

  it('whose handler fails rests, and fails for good after as many runs as a message has deliveries', async () => {
    await put();
    let runs = 0;
    start(
      () => {
        runs += 1;
        return Promise.reject(new Error('still broken'));
      },
      { maxDeliver: 2 },
    );
    const resting = () => db.collection('waitingMessages').findOne({ runs: 1 });
    await eventually(async () => expect((await resting())?.['dueAt'].getTime()).toBeGreaterThan(Date.now() + 20_000));
    await eventually(async () => expect((await resting())?.['dueAt'].getTime()).toBeLessThan(Date.now() + 31_000));
    await db.collection('waitingMessages').updateOne({}, { $set: { dueAt: new Date(0) } });
    await eventually(async () => expect(await letters().countDocuments({ code: 'HANDLER_FAULT' })).toBe(1));
    expect(runs).toBe(2);
    expect(await letters().findOne({})).toMatchObject({ class: 'ERROR', deliveries: 4 });
  });
});

describe('an outage', () => {
  it('of the database costs no attempt', async () => {
    const deliveries: number[] = [];
    let faults = 0;
    start(
      async (delivery) => {
        await db
          .collection('effects')
          .updateOne({}, { $set: { at: 1 } }, { upsert: true, timeoutMS: 1_000 })
          .catch((error: unknown) => {
            faults += 1;
            throw error;
          });
        deliveries.push(delivery.deliveries);
        return { do: 'ack' };
      },
      { maxDeliver: 1 },
    );
    await mongod.kill();
    await publish();
    await eventually(() => expect(faults).toBeGreaterThan(0));
    await mongod.restart();
    await eventually(() => expect(deliveries).toEqual([1]));
    await allAcked();
    expect(await letters().countDocuments()).toBe(0);
  });

  it('of NATS is survived, and what was in flight is handled', async () => {
    const handled = new Set<string>();
    start(async ({ message }) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      handled.add(message.id);
      return { do: 'ack' };
    });
    for (let n = 0; n < 40; n += 1) await publish();
    await eventually(() => expect(handled.size).toBeGreaterThan(4));
    await nats.kill();
    await nats.restart();
    await eventually(() => expect(handled.size).toBe(40));
    await allAcked();
  });
});

describe('the trace', () => {
  it('goes from the publish span over the header to the process span', async () => {
    const exporter = new InMemorySpanExporter();
    const log = createLogger({ service: 'test', instance: 'test', level: 'silent' });
    const tracing = startTracing({ service: 'test', instance: 'test', ratio: 1, log, exporter });
    let inside: string | undefined;
    start(async (delivery) => {
      inside = delivery.trace?.traceparent;
      return { do: 'ack' };
    });
    await publish(TRACE);
    await allAcked();
    await eventually(() => expect(exporter.getFinishedSpans()).toHaveLength(2));
    const [sent, processed] = exporter.getFinishedSpans();
    expect(sent?.name).toBe(`publish ${SUBJECT}`);
    expect(sent?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(processed?.name).toBe(`process ${SUBJECT}`);
    expect(processed?.parentSpanContext?.spanId).toBe(sent?.spanContext().spanId);
    expect(processed?.attributes).toMatchObject({ 'messaging.system': 'nats', 'assay.deliveries': 1 });
    expect(inside).toContain(processed?.spanContext().spanId);
    await tracing.stop();
  });
});
