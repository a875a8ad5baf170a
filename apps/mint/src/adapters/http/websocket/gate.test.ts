import { expect, test } from 'vitest';
import { gate } from './gate.ts';

test('no more than so many are at work at once, and faults free their place', async () => {
  const through = gate(2);
  const ends: (() => void)[] = [];
  const begun: number[] = [];
  const work = (name: number) =>
    through(async () => {
      begun.push(name);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (name === 0) throw new Error('no');
      return name;
    });
  const all = Promise.allSettled([0, 1, 2, 3].map(work));
  expect(begun).toEqual([0, 1]);
  ends[0]?.();
  await expect.poll(() => begun).toEqual([0, 1, 2]);
  ends[1]?.();
  await expect.poll(() => begun).toEqual([0, 1, 2, 3]);
  ends.slice(2).forEach((end) => end());
  expect((await all).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
  expect(await through(async () => 'again')).toBe('again');
});
