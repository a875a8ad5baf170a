import { describe, expect, it } from 'vitest';
import { grouped } from './grouped.ts';

const LAST = 5;

describe('grouped calls', () => {
  it('go together while one is under way, at most so many, and each gets its own answer', async () => {
    const groups: number[][] = [];
    const double = grouped(3, (items: readonly number[]) => {
      groups.push([...items]);
      return Promise.resolve(items.map((item) => 2 * item));
    });
    const answers = await Promise.all(Array.from({ length: LAST }, (_, index) => double(index)));
    expect(answers).toEqual([0, 2, 4, 6, 8]);
    expect(groups).toEqual([[0], [1, 2, 3], [4]]);
  });

  it('fail together, and the next group goes on', async () => {
    const run = grouped(10, (items: readonly number[]) =>
      items.includes(1) ? Promise.reject(new Error('away')) : Promise.resolve(items),
    );
    const answers = await Promise.allSettled([run(0), run(1), run(2)]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(await run(3)).toBe(3);
  });
});
