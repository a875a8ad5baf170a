import { CATALOGUE, deadLetterSubject } from '@assay/proto/catalogue';
import { STREAMS } from '@assay/proto/streams';
import { TemplateDeclared } from '@assay/proto/gen/assay/pool/v1/events';
import { QuoteChanged } from '@assay/proto/gen/assay/mint/v1/events';
import { toHex, utf8 } from '@assay/shared/kernel/bytes';
import { unixMs } from '@assay/shared/kernel/clock';
import { sha256 } from '@assay/shared/kernel/hash';
import { DEAD_LETTERS, deadLetterStore } from '@assay/shared/runtime/dead-letters';
import { ensureCollections, type CollectionDefinition, type Versioned } from '@assay/shared/runtime/mongo';
import { type Bus, connectNats, ensureStreams } from '@assay/shared/runtime/nats';
import { OUTBOX_SCHEMA, outboxEntry, type OutboxEntry, startRelay } from '@assay/shared/runtime/outbox';
import { testContext, type TestContext } from '@assay/testkit/context';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { type NatsServer, startNats } from '@assay/testkit/servers';
import { DiscardPolicy } from '@nats-io/jetstream';
import type { Document } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

const THINGS: CollectionDefinition = {
  name: 'things',
  schema: { bsonType: 'object', properties: { outbox: OUTBOX_SCHEMA } },
  indexes: [],
  outbox: true,
};
const TRACE = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
const AT = unixMs(1_795_227_412_500);

let nats: NatsServer;
let stored: TestDatabase;
let context: TestContext;
let bus: Bus;

beforeAll(async () => {
  nats = await startNats();
});
afterAll(() => nats.stop());

beforeEach(async () => {
  stored = await testDatabase();
  await ensureCollections(stored.db, [THINGS, DEAD_LETTERS]);
  context = testContext({ name: 'pool' });
  bus = await connectNats(context, { url: nats.url });
  await ensureStreams(bus, 'pool', ['POOL', 'DLQ']);
  await bus.jsm.streams.purge('POOL');
});
afterEach(async () => {
  await context.stop();
  await stored.drop();
});

// Other ids in each test: a stream remembers what it has seen, even when it was purged.
const templateId = (n: number) => Buffer.from(sha256(utf8(`${stored.database} ${n}`)));
const things = () => stored.db.collection<Versioned>('things');
const declared = (n: number) =>
  TemplateDeclared.fromPartial({ templateId: templateId(n), poolId: 'pool-1', height: n });
const quote = (n: number, size = 8) =>
  QuoteChanged.fromPartial({ naturalKey: `${n}`.padStart(size, '0'), version: 1n });
const thing = (id: string, ...outbox: OutboxEntry[]): Versioned => ({ _id: id, version: 1, outbox });
const entryOf = (n: number) => outboxEntry('pool.template.declared', declared(n), AT, TRACE);
const pending = () => things().countDocuments({ 'outbox.0': { $exists: true } });
const published = async (stream = 'POOL') => (await bus.jsm.streams.info(stream)).state.messages;
const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 60_000, interval: 25 });

describe('the relay', () => {
  it('publishes an event with its id, trace and time, and then removes it', async () => {
    startRelay(context, stored.db, bus, ['things']);
    await things().insertOne(thing('a', entryOf(1)));
    await eventually(async () => expect(await pending()).toBe(0));
    const message = await bus.jsm.streams.getMessage('POOL', {
      last_by_subj: CATALOGUE['pool.template.declared'].subject,
    });
    expect(message?.header.get('Nats-Msg-Id')).toBe(`template:${toHex(templateId(1))}`);
    expect(message?.header.get('Assay-Occurred-At')).toBe('1795227412500');
    expect(message?.header.get('traceparent')).toContain('0af7651916cd43dd8448eb211c80319c');
    expect(TemplateDeclared.decode(message?.data ?? new Uint8Array())).toEqual(declared(1));
    expect(await things().findOne({ _id: 'a' })).toEqual({ _id: 'a', version: 1, outbox: [] });
  });

  it('publishes what a crashed instance left, and what is committed later without a word', async () => {
    await things().insertMany([thing('left-1', entryOf(1), entryOf(2)), thing('left-2', entryOf(3))]);
    startRelay(context, stored.db, bus, ['things']);
    await eventually(async () => expect(await pending()).toBe(0));
    await things().updateOne({ _id: 'left-1' }, { $push: { outbox: entryOf(4) }, $inc: { version: 1 } });
    await eventually(async () => expect(await published()).toBe(4));
  });

  it('in two instances stores each event once', async () => {
    const other = testContext({ name: 'pool' });
    const relays = [startRelay(context, stored.db, bus, ['things'])];
    relays.push(startRelay(other, stored.db, await connectNats(other, { url: nats.url }), ['things']));
    const events = Array.from({ length: 250 }, (_, n) => thing(`t${n}`, entryOf(n)));
    await things().insertMany(events);
    relays.forEach((relay) => relay.wake());
    await eventually(async () => expect(await pending()).toBe(0));
    expect(await published()).toBe(250);
    await other.stop();
  });

  it('publishes what its own process tells it of, also more than may be in flight', async () => {
    const relay = startRelay(context, stored.db, bus, ['things']);
    const events = Array.from({ length: 600 }, (_, n) => thing(`t${n}`, entryOf(n)));
    await things().insertMany(events);
    for (const { _id, outbox } of events) outbox.forEach((entry) => relay.committed('things', _id, entry));
    await eventually(async () => expect(await pending()).toBe(0));
    expect(await published()).toBe(600);
    expect(() => relay.wake('nothings')).toThrow('does not publish what is in nothings');
  });

  it('waits for a full stream without holding back the others, and goes on when there is room', async () => {
    const subjects = [...STREAMS.MINT.subjects];
    await bus.jsm.streams.add({ name: 'MINT', subjects, max_bytes: 4_096, discard: DiscardPolicy.New });
    const quotes = Array.from({ length: 40 }, (_, n) => outboxEntry('mint.quote.created', quote(n, 400), AT));
    await things().insertMany(quotes.map((entry, n) => thing(`q${n}`, entry)));
    startRelay(context, stored.db, bus, ['things']);
    await eventually(async () => expect(await published('MINT')).toBeGreaterThan(0));
    await things().insertOne(thing('z', outboxEntry('pool.template.declared', declared(9), unixMs(AT + 1))));
    await eventually(async () => expect(await published('POOL')).toBe(1));
    expect(await pending()).toBeGreaterThan(20);
    await bus.jsm.streams.update('MINT', { subjects, max_bytes: 1_000_000 });
    await eventually(async () => expect(await pending()).toBe(0));
    expect(await published('MINT')).toBe(40);
  });

  it('makes a stream that is missing, and says so in a few lines', async () => {
    await bus.jsm.streams.delete('MINT').catch(() => undefined);
    const warn = vi.spyOn(context.log, 'warn');
    const quotes = Array.from({ length: 600 }, (_, n) => outboxEntry('mint.quote.created', quote(n), AT));
    await things().insertMany(quotes.map((entry, n) => thing(`q${n}`, entry)));
    startRelay(context, stored.db, bus, ['things']);
    await eventually(async () => expect(await pending()).toBe(0));
    expect(await published('MINT')).toBe(600);
    expect(warn.mock.calls.length).toBeLessThan(3);
  });

  it('leaves alone what can never be published, and publishes everything behind it', async () => {
    const tooLarge = { ...entryOf(1), body: Buffer.alloc(200_000), at: new Date(AT - 1_000) };
    const unknown = { ...entryOf(2), event: 'pool.no.such', at: new Date(AT - 2_000) };
    await stored.db.collection<Document>('things').insertMany([{ outbox: [tooLarge] }, { outbox: [unknown] }]);
    startRelay(context, stored.db, bus, ['things']);
    await things().insertMany(Array.from({ length: 20 }, (_, n) => thing(`t${n}`, entryOf(10 + n))));
    await eventually(async () => expect(await published()).toBe(20));
    await eventually(async () => expect(await pending()).toBe(2));
  });

  it('flushes at the stop', async () => {
    startRelay(context, stored.db, bus, ['things']);
    await things().insertMany(Array.from({ length: 500 }, (_, n) => thing(`t${n}`, entryOf(n))));
    await context.stop();
    expect(await pending()).toBe(0);
  });

  it('carries the copy of a dead letter with the headers of the original', async () => {
    startRelay(context, stored.db, bus, []);
    await deadLetterStore(stored.db, 'pool').record({
      ...{ id: 'x#0', durable: 'pool-verdicts', class: 'ERROR', code: 'HANDLER_FAULT', deliveries: 20 },
      ...{ firstSeenAt: AT, lastSeenAt: AT, subject: 's', messageId: 'm-1', raw: Buffer.from('raw') },
      headers: { 'Nats-Msg-Id': 'm-1', 'Assay-Occurred-At': '7', traceparent: TRACE.traceparent },
      trace: TRACE,
    });
    const subject = deadLetterSubject('pool', 'pool-verdicts');
    const copy = await vi.waitFor(
      async () =>
        (await bus.jsm.streams.getMessage('DLQ', { last_by_subj: subject })) ?? Promise.reject(new Error('none')),
      { timeout: 60_000 },
    );
    expect(Buffer.from(copy.data).toString()).toBe('raw');
    expect(copy.header.get('Assay-Reason')).toBe('ERROR HANDLER_FAULT');
    expect(copy.header.get('Assay-Deliveries')).toBe('20');
    expect(copy.header.get('Nats-Msg-Id')).toBe('dead-letter:x#0');
    expect(copy.header.get('Assay-Occurred-At')).toBe('7');
    await eventually(async () =>
      expect((await stored.db.collection('deadLetters').findOne({}))?.['outbox']).toEqual([]),
    );
  });

  it('survives the loss of NATS', async () => {
    startRelay(context, stored.db, bus, ['things']);
    await nats.kill();
    await things().insertMany(Array.from({ length: 300 }, (_, n) => thing(`t${n}`, entryOf(n))));
    await nats.restart();
    await eventually(async () => expect(await pending()).toBe(0));
    expect(await published()).toBe(300);
  });
});
