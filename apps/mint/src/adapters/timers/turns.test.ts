import { expect, test } from 'vitest';
import { fairTurns } from './turns.ts';

test('of many that have long work, one goes on in each turn of the event loop, and in their order', async () => {
  const turns = fairTurns();
  const told: string[] = [];
  let loops = 0;
  const count = () => {
    loops += 1;
    if (told.length < 6) setImmediate(count);
  };
  const work = async (name: string) => {
    for (let piece = 0; piece < 3; piece += 1) {
      await turns.next();
      told.push(name);
    }
  };
  setImmediate(count);
  await Promise.all([work('a'), work('b')]);
  expect(told).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  expect(loops).toBeGreaterThanOrEqual(5);
});
