import { holdLease, LEASES } from '@assay/shared/runtime/leases';
import { ensureCollections, MONGO_OPTIONS } from '@assay/shared/runtime/mongo';
import { testContext, type TestContext } from '@assay/testkit/context';
import { FakeClock } from '@assay/testkit/fake-clock';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { type Document, MongoClient } from 'mongodb';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

const TTL_MS = 300;

let stored: TestDatabase;
let clock: FakeClock;
let first: TestContext;
let second: TestContext;

beforeEach(async () => {
  stored = await testDatabase();
  await ensureCollections(stored.db, [LEASES]);
  clock = new FakeClock();
  first = testContext({ name: 'auditor', clock });
  second = testContext({ name: 'auditor', clock });
});
afterEach(async () => {
  await first.stop();
  await second.stop();
  await stored.drop();
});

const hold = (context: TestContext, told: string[] = []) =>
  holdLease(context, stored.db, {
    name: 'sweeper',
    ttlMs: TTL_MS,
    onHeld: (token) => told.push(`held ${token}`),
    onLost: () => told.push('lost'),
  });
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 10 });
const beats = (count: number) => new Promise((resolve) => setTimeout(resolve, (count * TTL_MS) / 3));

it('a lease has one holder, who keeps it as long as he renews it', async () => {
  const one = hold(first);
  await eventually(() => expect(one.token()).toBe(1));
  const other = hold(second);
  for (let step = 0; step < 6; step += 1) {
    clock.advance(TTL_MS / 3);
    await beats(2);
  }
  expect(one.token()).toBe(1);
  expect(other.token()).toBeUndefined();
});

it('a released lease goes to the next instance with a higher token', async () => {
  const told: string[] = [];
  const one = hold(first, told);
  await eventually(() => expect(one.token()).toBe(1));
  const other = hold(second, told);
  await first.stop();
  expect(one.token()).toBeUndefined();
  await eventually(() => expect(other.token()).toBe(2));
  expect(told).toEqual(['held 1', 'held 2']);
});

it('a holder who slept past the end has no token, even before he is told', async () => {
  const told: string[] = [];
  const one = hold(first, told);
  await eventually(() => expect(one.token()).toBe(1));
  const taken = stored.db.collection('leases').updateOne({}, { $set: { owner: 'another', token: 2 } });
  clock.advance(TTL_MS);
  expect(one.token()).toBeUndefined();
  await taken;
  await eventually(() => expect(told).toEqual(['held 1', 'lost']));
});

it('a holder who cannot renew has no token after its time, though his clock stands still or was set back', async () => {
  const client = await new MongoClient(stored.uri, MONGO_OPTIONS).connect();
  const one = holdLease(first, client.db(stored.database), { name: 'sweeper', ttlMs: TTL_MS });
  await eventually(() => expect(one.token()).toBe(1));
  await client.close();
  clock.advance(-3_600_000);
  expect(one.token()).toBe(1);
  await eventually(() => expect(one.token()).toBeUndefined());
});

it('a lease that was taken although the answer was lost is taken again at once', async () => {
  const document = { owner: first.instance, until: new Date(clock.now() + 3_600_000), token: 1 };
  await stored.db.collection<Document & { _id: string }>('leases').insertOne({ _id: 'sweeper', ...document });
  const one = hold(first);
  await eventually(() => expect(one.token()).toBe(2));
});

it('of many instances that ask at once one gets the lease', async () => {
  const contexts = Array.from({ length: 8 }, () => testContext({ clock }));
  const leases = contexts.map((context) => hold(context));
  await eventually(() => expect(leases.some((lease) => lease.token() === 1)).toBe(true));
  await beats(2);
  expect(leases.filter((lease) => lease.token() !== undefined)).toHaveLength(1);
  await Promise.all(contexts.map((context) => context.stop()));
});
