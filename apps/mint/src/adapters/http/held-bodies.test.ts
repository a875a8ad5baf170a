import { expect, test } from 'vitest';
import { heldBodies } from './held-bodies.ts';

/** A store for 10 bytes, and the names of those that were cut. */
function store() {
  const bodies = heldBodies(10);
  const cut: string[] = [];
  const hold = (network: string, bytes: number, { name = network, isComplete = false } = {}) =>
    bodies.hold(network, bytes, () => {
      if (!isComplete) cut.push(name);
      return !isComplete;
    });
  return { hold, cut };
}

test('long bodies are held while there is room, and room that is given back is room again', () => {
  const { hold, cut } = store();
  const first = hold('a', 6);
  expect([hold('b', 4) !== undefined, hold('c', 6)]).toEqual([true, undefined]);
  first?.();
  first?.();
  expect(hold('c', 6)).toBeDefined();
  expect([hold('d', 6), cut]).toEqual([undefined, []]);
});

test('whoever holds most gives way, its oldest body first, to one who would still hold less', () => {
  const { hold, cut } = store();
  for (const name of ['a1', 'a2', 'a3', 'a4', 'a5']) hold('a', 2, { name });
  expect(hold('b', 3)).toBeDefined();
  expect(cut).toEqual(['a1', 'a2']);
  expect(hold('b', 3)).toBeUndefined();
  expect(hold('a', 1)).toBeDefined();
  expect(hold('a', 1)).toBeUndefined();
});

test('a body that is complete is in work already, and is not cut', () => {
  const { hold, cut } = store();
  hold('a', 4, { name: 'a1', isComplete: true });
  hold('a', 4, { name: 'a2' });
  expect(hold('b', 3)).toBeDefined();
  expect(hold('c', 4)).toBeUndefined();
  expect(cut).toEqual(['a2']);
});
