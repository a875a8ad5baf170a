import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { dueAfter, shaved, withinDeadline } from './grpc-deadline.ts';

beforeEach(() => vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => vi.useRealTimers());

test('a tenth of the time is kept for the answer, at most 100 ms', () => {
  expect([0, 100, 1_000, 30_000, -5].map(shaved)).toEqual([0, 90, 900, 29_900, 0]);
});

test('a call made while answering another gets no more than is left', () => {
  expect(dueAfter(5_000)).toBe(1_005_000);
  expect(withinDeadline(1_002_000, () => dueAfter(5_000))).toBe(1_002_000);
  expect(withinDeadline(1_002_000, () => dueAfter(500))).toBe(1_000_500);
  expect(withinDeadline(Infinity, () => dueAfter(500))).toBe(1_000_500);
});
