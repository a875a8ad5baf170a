import { unixMs } from '@assay/shared/kernel/clock';
import { watchDeadLetters } from '@assay/shared/runtime/dead-letter-gauge';
import { DEAD_LETTERS, type DeadLetterRecord, deadLetterStore } from '@assay/shared/runtime/dead-letters';
import { metricsText } from '@assay/shared/runtime/metrics';
import { ensureCollections } from '@assay/shared/runtime/mongo';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { afterEach, beforeEach, expect, it } from 'vitest';

const AT = unixMs(1_795_227_412_500);
const DECISION = { reason: 'looked at by hand', at: AT };

let stored: TestDatabase;
beforeEach(async () => {
  stored = await testDatabase();
  await ensureCollections(stored.db, [DEAD_LETTERS]);
});
afterEach(() => stored.drop());

const store = () => deadLetterStore(stored.db, 'auditor');
const letter = (id: string, more: Partial<DeadLetterRecord> = {}): DeadLetterRecord => ({
  ...{ id, durable: 'auditor-batches', class: 'DEPENDENCY', code: 'HOLD_NODE_BEHIND', deliveries: 6 },
  ...{ firstSeenAt: AT, lastSeenAt: AT, subject: 'pool-1/b-1', messageId: id, raw: Buffer.from([1, 2, 3]) },
  ...more,
});

it('a letter is stored once, with what its finder knew; a repeat only counts', async () => {
  const answers = [{ nodeId: 'a', answer: 'timeout' }];
  await store().record(letter('b-1#0', { nodeAnswers: answers, error: 'e'.repeat(3_000) }));
  await store().record(letter('b-1#0', { deliveries: 9, lastSeenAt: unixMs(AT + 5), code: 'OTHER' }));
  const found = await store().get('b-1#0');
  expect(found).toMatchObject({
    code: 'HOLD_NODE_BEHIND',
    state: 'OPEN',
    deliveries: 9,
    nodeAnswers: answers,
    version: 2,
  });
  expect(found?.lastSeenAt).toEqual(new Date(AT + 5));
  expect(found?.error).toHaveLength(2_000);
  expect(found?.outbox).toHaveLength(1);
  expect(await store().get('nobody')).toBeUndefined();
});

it('letters are listed by state, class and durable, page after page', async () => {
  for (const n of [1, 2, 3, 4, 5]) await store().record(letter(`b-${n}#0`, n === 3 ? { class: 'ERROR' } : {}));
  await store().markDropped('b-5#0', DECISION);
  const first = await store().list({ state: 'OPEN', class: 'DEPENDENCY' }, { limit: 2 });
  expect(first.map(({ _id }) => _id)).toEqual(['b-1#0', 'b-2#0']);
  const rest = await store().list({ state: 'OPEN', class: 'DEPENDENCY' }, { limit: 2, after: 'b-2#0' });
  expect(rest.map(({ _id }) => _id)).toEqual(['b-4#0']);
  expect(first[0]).not.toHaveProperty('raw');
  expect(await store().list({ durable: 'another' }, { limit: 10 })).toEqual([]);
  expect(Object.fromEntries(await store().countOpen())).toEqual({
    ...{ POISON: 0, DEPENDENCY: 3, DISAGREE: 0, LATE: 0, SEQUENCE: 0, ERROR: 1 },
  });
});

it('the open ones of each class are in the metrics', async () => {
  const passes: (() => unknown)[] = [];
  watchDeadLetters({ every: (_what, _ms, run) => void passes.push(run) }, store());
  const shown = async () => (await metricsText()).text.match(/^assay_dlq_messages.* [1-9][0-9]*$/gm);
  for (const n of [1, 2]) await store().record(letter(`b-${n}#0`, n === 2 ? { class: 'ERROR' } : {}));
  for (const pass of passes) await pass();
  expect(await shown()).toEqual(['assay_dlq_messages{class="DEPENDENCY"} 1', 'assay_dlq_messages{class="ERROR"} 1']);
  await store().markDropped('b-2#0', DECISION);
  for (const pass of passes) await pass();
  expect(await shown()).toEqual(['assay_dlq_messages{class="DEPENDENCY"} 1']);
});

it('of a replay and a drop at the same moment one succeeds', async () => {
  await store().record(letter('b-1#0'));
  const results = await Promise.all([
    store().replay('b-1#0', DECISION),
    store().markDropped('b-1#0', DECISION),
    store().markReplayed('b-1#0', DECISION),
  ]);
  expect(results.filter((result) => result.ok)).toHaveLength(1);
  expect(results.filter((result) => !result.ok).map((result) => result.error)).toEqual([
    'DEAD_LETTER_CLOSED',
    'DEAD_LETTER_CLOSED',
  ]);
});

it('a command whose process ended halfway finds its own letters closed, and nobody else’s', async () => {
  await store().record(letter('b-1#0'));
  const mine = { ...DECISION, command: 'operator/alice/r-1' };
  const first = await store().replay('b-1#0', mine);
  expect(await store().replay('b-1#0', mine)).toMatchObject({
    ok: true,
    value: { version: first.ok && first.value.version },
  });
  for (const other of [DECISION, { ...DECISION, command: 'operator/alice/r-2' }]) {
    expect(await store().replay('b-1#0', other)).toEqual({ ok: false, error: 'DEAD_LETTER_CLOSED' });
  }
  expect(await store().markDropped('b-1#0', mine)).toEqual({ ok: false, error: 'DEAD_LETTER_CLOSED' });
});
