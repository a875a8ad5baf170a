import { describe, expect, it } from 'vitest';
import { LOCKING_KEY, OTHER_KEY, readVector } from '../../test/known-work.ts';
import { keyFits, kOfDifficulty, parsePassword, parseUsername } from './username.ts';

const VECTOR = readVector<{
  good: { username: string; worker: string }[];
  bad: { username: string; fault: string }[];
}>('pool-usernames');

describe('a username', () => {
  it.each(VECTOR.good)('$username is worker $worker', ({ username, worker }) => {
    expect(parseUsername(username)).toEqual({ ok: true, value: { lockingKey: LOCKING_KEY, name: worker } });
  });

  it.each(VECTOR.bad)('"$username" is refused $fault', ({ username, fault }) => {
    expect(parseUsername(username)).toEqual({ ok: false, error: fault });
  });

  it('belongs to a connection of its own key only', () => {
    expect([
      keyFits(undefined, LOCKING_KEY),
      keyFits(LOCKING_KEY, LOCKING_KEY),
      keyFits(LOCKING_KEY, OTHER_KEY),
    ]).toEqual([true, true, false]);
  });
});

describe('a password', () => {
  it.each([
    ['x', {}],
    ['', {}],
    ['d=1024', { start: 10 }],
    ['d=0.00015', { start: -13 }],
    ['d=1000,min=1,max=2e6', { start: 9, min: 0, max: 20 }],
    ['min=0,max=-5,d=NaN,d=,d=0x10,d=1e', {}],
    ['d=1e999', {}],
    ['d=1e300', { start: 44 }],
    ['d=00016', { start: 4 }],
    ['d=4,d=8', { start: 3 }],
    ['x,d=2,c=BTC', { start: 1 }],
  ])('"%s" asks for %o', (password, wishes) => expect(parsePassword(password)).toEqual(wishes));

  it.each([null, '8', 0, -1, Infinity, Number.NaN, [8]])('%s is no difficulty', (x) => {
    expect(kOfDifficulty(x)).toBeUndefined();
  });
});
