import { CheckTask } from '@assay/proto/gen/assay/auditor/v1/tasks';
import { type StreamName, STREAMS } from '@assay/proto/streams';
import {
  type Bus,
  connectNats,
  ensureStreams,
  natsReady,
  publishEvent,
  untilStreamsExist,
} from '@assay/shared/runtime/nats';
import { testContext, type TestContext } from '@assay/testkit/context';
import { type NatsServer, startNats } from '@assay/testkit/servers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const NAMES = Object.keys(STREAMS) as StreamName[];

let nats: NatsServer;
let context: TestContext;
let bus: Bus;

beforeAll(async () => {
  nats = await startNats();
});
afterAll(() => nats.stop());
beforeEach(async () => {
  context = testContext({ name: 'auditor' });
  bus = await connectNats(context, { url: nats.url });
});
afterEach(async () => {
  for (const name of NAMES) await bus.jsm.streams.delete(name).catch(() => undefined);
  await context.stop();
});

describe('streams', () => {
  it('are all made from the catalogue, by several services at the same time', async () => {
    const other = testContext({ name: 'mint' });
    const second = await connectNats(other, { url: nats.url });
    await Promise.all([
      ...['auditor', 'pool'].map((service) => ensureStreams(bus, service, NAMES)),
      ...['mint', 'auditor'].map((service) => ensureStreams(second, service, NAMES)),
    ]);
    for (const name of NAMES) {
      const { config } = await bus.jsm.streams.info(name);
      const { subjects, maxBytes, discard, denyDelete } = STREAMS[name];
      expect(config).toMatchObject({ retention: 'limits', storage: 'file', max_bytes: maxBytes, discard });
      expect(config).toMatchObject({ subjects: [...subjects], deny_delete: denyDelete });
      expect(config.duplicate_window).toBe(STREAMS[name].dedupeMs * 1e6);
      expect(config.max_age).toBe(STREAMS[name].maxAgeMs * 1e6);
    }
    await other.stop();
  });

  it('that differ are changed by their owner and left alone by others', async () => {
    await bus.jsm.streams.add({ name: 'MINT', subjects: [...STREAMS.MINT.subjects], max_bytes: 1_000_000 });
    await ensureStreams(bus, 'auditor', ['MINT']);
    expect((await bus.jsm.streams.info('MINT')).config.max_bytes).toBe(1_000_000);
    await ensureStreams(bus, 'mint', ['MINT']);
    expect((await bus.jsm.streams.info('MINT')).config.max_bytes).toBe(STREAMS.MINT.maxBytes);
    expect((await bus.jsm.streams.info('MINT')).config.discard).toBe('new');
  });
});

describe('the streams of a service', () => {
  it('are made as soon as the server can, however often it cannot', async () => {
    let refusals = 0;
    const streams = new Proxy(bus.jsm.streams, {
      get: (api, name) => {
        if (name !== 'add' || refusals === 2) return Reflect.get(api, name);
        refusals += 1;
        return () => Promise.reject(new Error('no leader yet'));
      },
    });
    await untilStreamsExist(context, { ...bus, jsm: { ...bus.jsm, streams } }, ['AUDITOR_TASKS']);
    expect(refusals).toBe(2);
    expect((await bus.jsm.streams.info('AUDITOR_TASKS')).config.name).toBe('AUDITOR_TASKS');
  });
});

describe('an event', () => {
  it('that is published twice is stored once', async () => {
    await ensureStreams(bus, 'auditor', ['AUDITOR_TASKS']);
    const task = CheckTask.fromPartial({ kind: 2, id: 'ab', revision: 1 });
    await publishEvent(bus, 'auditor.check-template-pool', task, {});
    await publishEvent(bus, 'auditor.check-template-pool', task, {});
    await publishEvent(bus, 'auditor.check-template-pool', task, { id: 'template:ab:1:r1' });
    expect((await bus.jsm.streams.info('AUDITOR_TASKS')).state.messages).toBe(2);
  });
});

describe('the connection', () => {
  it('tells when it is lost and comes back by itself', async () => {
    expect(natsReady(bus)).toBe(true);
    await nats.kill();
    await expect.poll(() => natsReady(bus)).toBe(false);
    await nats.restart();
    await expect.poll(() => natsReady(bus)).toBe(true);
  });

  it('is waited for when the server is not there yet', async () => {
    await nats.kill();
    const early = testContext();
    const connecting = connectNats(early, { url: nats.url });
    await nats.restart();
    expect(natsReady(await connecting)).toBe(true);
    await early.stop();
  });
});
