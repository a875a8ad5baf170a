import { later, unixMs } from '@assay/shared/kernel/clock';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { admitIssue, type IssueWindow } from './issue-window.ts';

const START = unixMs(1_795_227_000_000);

function admitAll(events: readonly (readonly [number, bigint])[], limit: bigint) {
  let window: IssueWindow = [];
  let now = START;
  return events.map(([ms, amount]) => {
    now = later(now, ms);
    const admitted = admitIssue(window, amount, limit, now);
    if (admitted.ok) window = admitted.value;
    return { at: now, amount, ok: admitted.ok };
  });
}

test('no limit admits everything and remembers nothing', () => {
  expect(admitIssue([], 2n ** 60n, 0n, START)).toEqual({ ok: true, value: [] });
});

test('what would exceed the limit of a minute is refused and not counted', () => {
  const events = admitAll(
    [
      [0, 60n],
      [1_000, 41n],
      [1_000, 40n],
      [57_000, 1n],
      [1_000, 60n],
    ],
    100n,
  );
  expect(events.map(({ ok }) => ok)).toEqual([true, false, true, false, true]);
});

test('within any minute no more than the limit is admitted', () => {
  const event = fc.tuple(fc.nat(20_000), fc.bigInt(1n, 50n));
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (list) => {
      const admitted = admitAll(list, 100n).filter(({ ok }) => ok);
      return admitted.every(({ at }) => {
        const minute = admitted.filter((other) => other.at > at - 59_000 && other.at <= at);
        return minute.reduce((sum, { amount }) => sum + amount, 0n) <= 100n;
      });
    }),
  );
});
