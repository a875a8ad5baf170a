import { concat, fromHex, lp, toHex, u64, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { ADMIN_COLLECTIONS, type AdminCall, adminLog } from '@assay/shared/runtime/admin-log';
import { ensureCollections } from '@assay/shared/runtime/mongo';
import { FakeClock } from '@assay/testkit/fake-clock';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { afterEach, beforeEach, expect, it } from 'vitest';

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
  expect(await entries()).toHaveLength(1);
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
  expect(await entries()).toHaveLength(12);
});
