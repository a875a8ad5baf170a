import { expect, test } from 'vitest';
import { turnstile } from './turnstile.ts';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** What began, turn by turn, until nobody waits. */
async function begun(perTurn: number, networks: readonly string[]): Promise<string[][]> {
  const { enter } = turnstile(perTurn);
  const turns: string[][] = [];
  let began: string[] = [];
  const come = async (network: string) => {
    const wait = enter(network);
    if (wait !== undefined) await wait;
    began.push(network);
  };
  const all = Promise.all(networks.map(come));
  while (turns.flat().length < networks.length) {
    await Promise.resolve();
    turns.push(began);
    began = [];
    await nextTurn();
  }
  await all;
  return turns.filter((turn) => turn.length > 0);
}

test('where there is no crowd nobody waits', () => {
  const { enter } = turnstile(3);
  expect(['a', 'b', 'a'].map(enter)).toEqual([undefined, undefined, undefined]);
});

test('of a crowd so many begin in each turn of the event loop', async () => {
  expect(
    await begun(
      3,
      Array.from({ length: 8 }, () => 'a'),
    ),
  ).toEqual([
    ['a', 'a', 'a'],
    ['a', 'a', 'a'],
    ['a', 'a'],
  ]);
});

test('a network that sends much waits behind itself, and others behind one of each', async () => {
  const crowd = [...Array.from({ length: 8 }, () => 'a'), 'b', 'c', 'b'];
  expect((await begun(2, crowd)).map((turn) => turn.join(''))).toEqual(['aa', 'ab', 'ca', 'ba', 'aa', 'a']);
});

test('who comes while others wait does not go before them', async () => {
  const { enter } = turnstile(1);
  const told: string[] = [];
  expect(enter('a')).toBeUndefined();
  void enter('b')?.then(() => told.push('b'));
  await nextTurn();
  void enter('c')?.then(() => told.push('c'));
  void enter('d')?.then(() => told.push('d'));
  while (told.length < 3) await nextTurn();
  expect(told).toEqual(['b', 'c', 'd']);
});
