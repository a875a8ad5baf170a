import { unixMs } from '@assay/shared/kernel/clock';
import { expect, test } from 'vitest';
import { parseUnit, type Unit } from '../src/domain/keyset.ts';
import type { StoredKeyset, UnitRecord } from '../src/domain/unit.ts';
import type { UnitStore } from '../src/ports.ts';

export function unit(name: string): Unit {
  const parsed = parseUnit(name);
  if (!parsed.ok) throw new Error(`not a unit: ${name}`);
  return parsed.value;
}

function keyset(index: number, id: number): StoredKeyset {
  return {
    index,
    id: `01${id.toString(16).padStart(64, '0')}`,
    amounts: [1n, 2n, 2n ** 52n],
    inputFeePpk: 100n,
    finalExpiry: index % 2 === 0 ? undefined : 2_059_210_353n,
    requestId: index === 0 ? undefined : `request-${index}`,
    createdAt: unixMs(1_795_227_000_000 + index),
  };
}

const first = (name: string, id: number): UnitRecord => ({
  unit: unit(name),
  keysets: [keyset(0, id)],
  activeIndex: 0,
  version: 1,
});

/** What every store of units promises. `open` gives an empty one. */
export function unitStoreContract(open: () => Promise<UnitStore>): void {
  test('gives back what was inserted, whole', async () => {
    const store = await open();
    expect(await store.insert(first('hash', 1))).toBe('committed');
    expect(await store.all()).toEqual([first('hash', 1)]);
  });

  test('a unit is inserted once', async () => {
    const store = await open();
    await store.insert(first('hash', 1));
    expect(await store.insert(first('hash', 2))).toBe('taken');
    expect(await store.all()).toEqual([first('hash', 1)]);
  });

  test('a rotation appends the keyset, makes it active and counts the version', async () => {
    const store = await open();
    await store.insert(first('hash', 1));
    expect(await store.rotate(first('hash', 1), keyset(1, 2))).toBe('committed');
    const rotated = { unit: unit('hash'), keysets: [keyset(0, 1), keyset(1, 2)], activeIndex: 1, version: 2 };
    expect(await store.all()).toEqual([rotated]);
  });

  test('a rotation of what was read too early changes nothing', async () => {
    const store = await open();
    await store.insert(first('hash', 1));
    await store.rotate(first('hash', 1), keyset(1, 2));
    const before = await store.all();
    expect(await store.rotate(first('hash', 1), keyset(1, 3))).toBe('stale');
    expect(await store.all()).toEqual(before);
  });

  test('an id that exists is refused, in its own unit and in another', async () => {
    const store = await open();
    await store.insert(first('hash', 1));
    expect(await store.insert(first('sat', 1))).toBe('id-taken');
    await store.insert(first('sat', 2));
    expect(await store.rotate(first('hash', 1), keyset(1, 1))).toBe('id-taken');
    expect(await store.rotate(first('hash', 1), keyset(1, 2))).toBe('id-taken');
    expect((await store.all()).map(({ version }) => version)).toEqual([1, 1]);
  });

  test('of rotations at the same time one wins', async () => {
    const store = await open();
    await store.insert(first('hash', 1));
    const outcomes = await Promise.all([2, 3, 4, 5].map((id) => store.rotate(first('hash', 1), keyset(1, id))));
    expect(outcomes.sort()).toEqual(['committed', 'stale', 'stale', 'stale']);
    expect((await store.all())[0]?.keysets.length).toBe(2);
  });
}
