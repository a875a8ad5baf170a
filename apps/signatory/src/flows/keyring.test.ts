import { FakeClock } from '@assay/testkit/fake-clock';
import { describe, expect, test } from 'vitest';
import { memoryUnitStore } from '../../test/memory-unit-store.ts';
import { unit, unitStoreContract } from '../../test/unit-store-contract.ts';
import type { UnitStore } from '../ports.ts';
import { createFirstKeysets, type UnitSettings } from './create-first-keysets.ts';
import { type Keyring, openKeyring } from './keyring.ts';
import { rotateKeyset } from './rotate-keyset.ts';

const MASTER = Uint8Array.from({ length: 64 }, (_, at) => at);
const HASH: UnitSettings = { unit: unit('hash'), inputFeePpk: 0n, finalExpiryDays: 365, highestPower: 3 };
const SAT: UnitSettings = { unit: unit('sat'), inputFeePpk: 100n, finalExpiryDays: undefined, highestPower: 2 };

async function open(units: UnitStore = memoryUnitStore(), clock = new FakeClock()) {
  await createFirstKeysets(units, MASTER, [HASH, SAT], clock.now());
  const keyring = await openKeyring(units, MASTER);
  const expiry = BigInt(clock.now()) / 1000n + 200n * 86_400n;
  const rotate = (requestId?: string, by: Keyring = keyring) => {
    const asked = { amounts: [1n, 2n], inputFeePpk: 0n, finalExpiry: expiry, requestId };
    return rotateKeyset({ units, keyring: by, clock }, unit('hash'), asked);
  };
  return { units, keyring, clock, rotate };
}

const activeIds = (keyring: Keyring) =>
  keyring.snapshot().keysets.flatMap(({ keyset, active }) => (active ? [`${keyset.unit}:${keyset.id}`] : []));

describe('units in memory', () => unitStoreContract(() => Promise.resolve(memoryUnitStore())));

describe('the first keysets', () => {
  test('are made from the settings, once for each unit', async () => {
    const { units, keyring, clock } = await open();
    const [hash, sat] = keyring.snapshot().keysets;
    expect(hash).toMatchObject({ active: true, keyset: { unit: 'hash', amounts: [1n, 2n, 4n, 8n], inputFeePpk: 0n } });
    expect(hash?.keyset.finalExpiry).toBe(BigInt(clock.now()) / 1000n + 365n * 86_400n);
    expect(sat).toMatchObject({ active: true, keyset: { unit: 'sat', inputFeePpk: 100n, finalExpiry: undefined } });
    clock.advance(86_400_000);
    await createFirstKeysets(units, MASTER, [{ ...HASH, inputFeePpk: 5n }], clock.now());
    await keyring.refresh();
    expect(keyring.snapshot().keysets.map(({ keyset }) => keyset.id)).toEqual([hash?.keyset.id, sat?.keyset.id]);
  });

  test('are not made from settings that nobody may have', async () => {
    const units = memoryUnitStore();
    const short = createFirstKeysets(units, MASTER, [{ ...HASH, finalExpiryDays: 89 }], new FakeClock().now());
    await expect(short).rejects.toThrow('90 days');
    expect(await units.all()).toEqual([]);
  });
});

describe('the keyring', () => {
  test('does not open with another master secret than that of the stored keysets', async () => {
    const { units } = await open();
    await expect(
      openKeyring(
        units,
        MASTER.map((byte) => byte ^ 1),
      ),
    ).rejects.toThrow('another master secret');
  });

  test('derives each keyset once', async () => {
    const { keyring, rotate } = await open();
    const before = keyring.snapshot().keysets[0]?.keyset;
    await rotate();
    expect(keyring.snapshot().keysets[0]?.keyset).toBe(before);
  });

  test('finds a keyset that a peer has just made', async () => {
    const { units, keyring, rotate } = await open();
    const peer = await openKeyring(units, MASTER);
    const rotated = await rotate('by-a-peer', peer);
    if (!rotated.ok) throw new Error(rotated.error.detail);
    const id = rotated.value.keyset.id;
    expect((await keyring.find(new Set([id]))).get(id)?.active).toBe(true);
    expect((await keyring.find(new Set(['ff']))).has('ff')).toBe(false);
  });

  test('tells its snapshot at once and after each rotation, also that of a peer', async () => {
    const { units, keyring, rotate } = await open();
    const peer = await openKeyring(units, MASTER);
    const ended = new AbortController();
    const changes = keyring.changes(ended.signal)[Symbol.asyncIterator]();
    const counts = [(await changes.next()).value?.keysets.length];
    const own = changes.next();
    await rotate('own');
    counts.push((await own).value?.keysets.length);
    const others = changes.next();
    await rotate('peer', peer);
    await keyring.refresh();
    counts.push((await others).value?.keysets.length);
    expect(counts).toEqual([2, 3, 4]);
    const last = changes.next();
    ended.abort();
    expect((await last).done).toBe(true);
  });
});

describe('rotations', () => {
  test('leave exactly one active keyset in a unit and touch no other unit', async () => {
    const { keyring, rotate, clock } = await open();
    const sat = activeIds(keyring)[1];
    for (const requestId of ['a', 'b', 'c']) {
      clock.advance(1_000);
      const rotated = await rotate(requestId);
      if (!rotated.ok) throw new Error(rotated.error.detail);
      expect(activeIds(keyring)).toEqual([`hash:${rotated.value.keyset.id}`, sat]);
    }
    expect(keyring.snapshot().keysets.length).toBe(5);
  });

  test('by two instances at once all count, one active after each', async () => {
    const { units, keyring, rotate } = await open();
    const peer = await openKeyring(units, MASTER);
    const outcomes = await Promise.all([rotate('a'), rotate('b', peer), rotate('c'), rotate('d', peer)]);
    expect(outcomes.every(({ ok }) => ok)).toBe(true);
    await Promise.all([keyring.refresh(), peer.refresh()]);
    expect(activeIds(peer)).toEqual(activeIds(keyring));
    expect(keyring.snapshot().keysets.filter(({ keyset }) => keyset.unit === 'hash').length).toBe(5);
  });

  test('with one request id at two instances at once make one keyset', async () => {
    const { units, keyring, rotate } = await open();
    const peer = await openKeyring(units, MASTER);
    const outcomes = await Promise.all([rotate('same'), rotate('same', peer), rotate('same')]);
    const ids = outcomes.map((outcome) => (outcome.ok ? outcome.value.keyset.id : outcome.error.detail));
    expect(new Set(ids).size).toBe(1);
    expect(keyring.snapshot().keysets.filter(({ keyset }) => keyset.unit === 'hash').length).toBe(2);
  });

  test('of a unit that is not configured, or with a request id of another unit, are refused', async () => {
    const { units, keyring, clock, rotate } = await open();
    await rotate('used');
    const asked = { amounts: [1n], inputFeePpk: 0n, finalExpiry: undefined, requestId: 'used' };
    expect(await rotateKeyset({ units, keyring, clock }, unit('eur'), asked)).toMatchObject({
      error: { code: 'unit-not-supported' },
    });
    expect(await rotateKeyset({ units, keyring, clock }, unit('sat'), asked)).toMatchObject({
      error: { code: 'could-not-rotate' },
    });
  });
});
