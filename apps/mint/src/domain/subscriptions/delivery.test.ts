import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { afterNote, afterReading, FINAL_VERSION, type Reading, type Update } from './delivery.ts';

describe('a subscriber', () => {
  const told: Update = { version: 3, payload: 'three' };

  test.each([
    ['the next version is told', told, { version: 4, payload: 'four' }, true],
    ['a later version is told, however many were lost', told, { version: 9, payload: 'nine' }, true],
    ['the same version is dropped', told, { version: 3, payload: 'three' }, false],
    ['an older version is dropped', told, { version: 2, payload: 'two' }, false],
    ['the first one is told', undefined, { version: 1, payload: 'one' }, true],
  ])('of notes: %s', (_, before, note, isTold) => {
    expect(afterNote(before, note)).toEqual(isTold ? note : undefined);
  });

  test.each([
    ['with a greater version is told', { version: 4, payload: 'four' }, told, { version: 4, payload: 'four' }],
    ['with the same version is dropped', { version: 3, payload: 'three' }, told, undefined],
    ['without version is told if it shows something else', { payload: 'x' }, told, { version: 3, payload: 'x' }],
    ['without version is dropped if it shows the same', { payload: 'three' }, told, undefined],
    ['without version is dropped if something was told since it began', { payload: 'x' }, undefined, undefined],
  ])('a reading %s', (_, reading, before, next) => {
    expect(afterReading(told, { version: undefined, ...reading }, before)).toEqual(next);
  });
});

/** What happens to one object while one subscriber watches it. */
type Happening = 'change' | 'note-lost' | 'note-comes' | 'note-again' | 'read-begins' | 'read-ends';
const HAPPENINGS: readonly Happening[] = [
  'change',
  'note-lost',
  'note-comes',
  'note-again',
  'read-begins',
  'read-ends',
];

interface World {
  readonly committed: Reading[];
  readonly onTheWay: Update[];
  readonly delivered: Update[];
  readonly told: Update[];
  reading: { readonly found: Reading; readonly before: Update | undefined } | undefined;
}

/** An object whose states have these readings; a note of state n has version n + 1, or the final one. */
function watch(states: readonly Reading[], happenings: readonly Happening[]): World {
  const [first] = states;
  if (first === undefined) throw new Error('an object has a state');
  const world: World = { committed: [first], onTheWay: [], delivered: [], told: [], reading: undefined };
  tell(world, { payload: first.payload, version: first.version ?? 0 });
  for (const happening of happenings) happen(world, states, happening);
  world.reading = undefined;
  happen(world, states, 'read-begins');
  happen(world, states, 'read-ends');
  return world;
}

function happen(world: World, states: readonly Reading[], happening: Happening): void {
  const next = states[world.committed.length];
  if (happening === 'change' && next !== undefined) {
    world.onTheWay.push({ payload: next.payload, version: next.version ?? world.committed.length + 1 });
    world.committed.push(next);
  }
  if (happening === 'note-lost') world.onTheWay.shift();
  if (happening === 'note-comes') {
    const note = world.onTheWay.shift();
    if (note !== undefined) world.delivered.push(note);
    if (note !== undefined) tell(world, afterNote(world.told.at(-1), note));
  }
  const old = world.delivered.at(-2);
  if (happening === 'note-again' && old !== undefined) tell(world, afterNote(world.told.at(-1), old));
  const now = world.committed.at(-1);
  if (happening === 'read-begins' && now !== undefined) world.reading = { found: now, before: world.told.at(-1) };
  if (happening === 'read-ends' && world.reading !== undefined) {
    tell(world, afterReading(world.told.at(-1), world.reading.found, world.reading.before));
    world.reading = undefined;
  }
}

function tell(world: World, next: Update | undefined): void {
  if (next !== undefined) world.told.push(next);
}

const happenings = fc.array(fc.constantFrom(...HAPPENINGS), { maxLength: 60 });

describe('however notes are lost, repeated and late, and whenever is read', () => {
  test('versions of a quote only grow, each is told once, and the last one told is the stored one', () => {
    const states = Array.from({ length: 12 }, (_, at) => ({ version: at + 1, payload: `state ${at}` }));
    fc.assert(
      fc.property(happenings, (all) => {
        const { told, committed } = watch(states, all);
        const versions = told.map(({ version }) => version);
        expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
        expect(told.at(-1)?.payload).toBe(committed.at(-1)?.payload);
      }),
    );
  });

  test('a proof is shown as it is at last, and nothing after SPENT', () => {
    const cycle = ['UNSPENT', 'PENDING', 'UNSPENT', 'PENDING', 'UNSPENT', 'PENDING'];
    const states = [
      ...cycle.map((payload) => ({ version: undefined, payload })),
      { version: FINAL_VERSION, payload: 'SPENT' },
    ];
    fc.assert(
      fc.property(happenings, (all) => {
        const { told, committed } = watch(states, all);
        const shown = told.map(({ payload }) => payload);
        expect(shown.at(-1)).toBe(committed.at(-1)?.payload);
        expect(shown.indexOf('SPENT')).toBe(shown.includes('SPENT') ? shown.length - 1 : -1);
      }),
    );
  });
});
