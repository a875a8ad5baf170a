import { unixMs } from '@assay/shared/kernel/clock';
import { expect, it } from 'vitest';
import { FakeClock } from './fake-clock.ts';

it('a fake clock moves only when it is told to', () => {
  const clock = new FakeClock(unixMs(1_000));
  expect(clock.now()).toBe(1_000);
  expect(clock.advance(500)).toBe(1_500);
  expect(clock.advance(-700)).toBe(800);
  clock.set(unixMs(5));
  expect(clock.now()).toBe(5);
});
