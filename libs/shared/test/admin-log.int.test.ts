import { concat, fromHex, lp, toHex, u64, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { adminLogCheck } from '@assay/shared/runtime/admin-log-check';
import { ADMIN_COLLECTIONS, type AdminCall, adminLog } from '@assay/shared/runtime/admin-log';
import { GrpcFault } from '@assay/shared/runtime/grpc-status';
import { ensureCollections } from '@assay/shared/runtime/mongo';
import { FakeClock } from '@assay/testkit/fake-clock';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let stored: TestDatabase;
let clock: FakeClock;
beforeEach(async () => {
  stored = await testDatabase();
  await ensureCollections(stored.db, ADMIN_COLLECTIONS);
  clock = new FakeClock();
});
afterEach(() => stored.drop());

const call = (more: Partial<AdminCall> = {}): AdminCall => ({
  ...{ actor: 'operator', method: '/assay.auditor.v1.AuditorAdminService/PauseQueue', requestId: 'r-1' },
  ...{ reason: 'nodes are being moved', request: utf8('until noon') },
  ...more,
});
const run = (given: AdminCall, act: () => Promise<string>) =>
  adminLog(stored.db, clock).run(given, act, utf8, (bytes) => Buffer.from(bytes).toString());
const reasonOf = (work: Promise<unknown>) =>
  work.then(() => 'none').catch((error: { reason?: string }) => error.reason);
const entries = () => stored.db.collection('adminLog').find().sort({ _id: 1 }).toArray();

it('a repeated call gets the first answer and acts once', async () => {
  let acts = 0;
  const act = async () => `paused ${(acts += 1)}`;
  expect(await run(call(), act)).toBe('paused 1');
  expect(await run(call(), act)).toBe('paused 1');
  expect(acts).toBe(1);
  expect((await entries()).map(({ method }) => method)).toEqual([call().method, `${call().method}#OK`]);
});

it.each(['', ' ', 'two words', 'umlaut-ü', 'line\n', 'x'.repeat(65)])(
  '%j names no call, and is not logged',
  async (requestId) => {
    expect(await reasonOf(run(call({ requestId }), async () => 'done'))).toBe('REQUEST_INVALID');
    expect(await entries()).toEqual([]);
  },
);

it('64 of the allowed characters name a call', async () => {
  expect(await run(call({ requestId: `A-z.0:_${'9'.repeat(57)}` }), async () => 'done')).toBe('done');
});

it('the same request id with other content is refused', async () => {
  await run(call(), async () => 'done');
  expect(await reasonOf(run(call({ request: utf8('for ever') }), async () => 'x'))).toBe('REQUEST_ID_REUSED');
  expect(await reasonOf(run(call({ reason: 'another reason' }), async () => 'x'))).toBe('REQUEST_ID_REUSED');
  expect(await run(call({ actor: 'somebody-else', request: utf8('for ever') }), async () => 'other')).toBe('other');
});

it('a repeat of a call that is under way is a conflict, until the first caller is given up', async () => {
  let finish = (_: string) => undefined as void;
  const first = run(call(), () => new Promise((resolve) => (finish = resolve)));
  while ((await entries()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await reasonOf(run(call(), async () => 'second'))).toBe('CONFLICT');
  clock.advance(30_000);
  expect(await run(call(), async () => 'second')).toBe('second');
  finish('first');
  expect(await first).toBe('first');
});

it('a call whose act failed may be repeated', async () => {
  await run(call(), () => Promise.reject(new Error('no'))).catch(() => undefined);
  expect(await run(call(), async () => 'yes')).toBe('yes');
});

it('the log is a chain of hashes in the written layout, also under simultaneous calls', async () => {
  const calls = Array.from({ length: 12 }, (_, n) => call({ requestId: `r-${n}`, request: utf8(`until ${n}`) }));
  await Promise.all(calls.map((each) => run(each, async () => 'done')));
  let previous = '0'.repeat(64);
  for (const [n, entry] of (await entries()).entries()) {
    const hash = sha256(
      concat(
        utf8('assay/admin-log/v1'),
        ...[u64(BigInt(n)), fromHex(previous), u64(BigInt(entry['at'].getTime()))],
        ...[lp(entry['actor']), lp(entry['method']), lp(entry['requestId']), lp(entry['reason']), lp(entry['request'])],
      ),
    );
    expect(entry).toMatchObject({ _id: n, prevHash: previous, hash: toHex(hash) });
    previous = toHex(hash);
  }
  expect(await entries()).toHaveLength(24);
});

it('how a call ended is in the log: its answer, the reason of its refusal, or that it failed', async () => {
  await run(call(), async () => 'done');
  await reasonOf(run(call({ requestId: 'r-2' }), () => Promise.reject(new GrpcFault('CONFLICT', 'no'))));
  await run(call({ requestId: 'r-3' }), () => Promise.reject(new Error('no'))).catch(() => undefined);
  const ends = (await entries()).filter(({ method }) => String(method).includes('#'));
  expect(ends.map(({ method }) => String(method).split('#')[1])).toEqual(['OK', 'CONFLICT', 'FAULT']);
  expect(Buffer.from(ends[0]?.['request']).toString()).toBe('done');
});

describe('the check of the log', () => {
  const log = () => stored.db.collection<{ _id: number }>('adminLog');
  beforeEach(async () => {
    for (const n of [1, 2, 3]) await run(call({ requestId: `r-${n}` }), async () => `${n}`);
  });

  it('finds nothing in what was written, from the beginning or from what it knows', async () => {
    const check = adminLogCheck(stored.db);
    expect(await check.firstBroken('beginning')).toBeUndefined();
    await run(call({ requestId: 'r-4' }), async () => '4');
    expect(await check.firstBroken('last-good')).toBeUndefined();
  });

  it.each<[string, number, () => Promise<unknown>]>([
    ['an entry that was changed', 2, () => log().updateOne({ _id: 2 }, { $set: { reason: 'other' } })],
    ['an entry that was removed', 1, () => log().deleteOne({ _id: 1 })],
    ['an entry with another hash', 3, () => log().updateOne({ _id: 3 }, { $set: { hash: 'ab'.repeat(32) } })],
    ['the end that was cut off', 5, () => log().deleteOne({ _id: 5 })],
  ])('finds %s', async (_, n, tamper) => {
    const check = adminLogCheck(stored.db);
    expect(await check.firstBroken('beginning')).toBeUndefined();
    await tamper();
    expect(await check.firstBroken('beginning')).toBe(n);
  });

  it('finds a log that was written anew behind its back', async () => {
    const check = adminLogCheck(stored.db);
    await check.firstBroken('beginning');
    await log().deleteMany({});
    for (const n of [5, 6, 7, 8]) await run(call({ requestId: `r-${n}` }), async () => `${n}`);
    expect(await check.firstBroken('beginning')).toBe(5);
  });
});
