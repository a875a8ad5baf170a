import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex, u32 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { createShareSet } from './share-set.ts';

const hashOf = (number: number) => sha256(u32(number));

describe('the local set of shares', () => {
  it('knows what was added and not forgotten, like a set', () => {
    const step = fc.record({ act: fc.constantFrom('add', 'forget', 'release'), number: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const set = createShareSet(1_000);
        const model = new Set<string>();
        for (const { act, number } of steps) {
          const hash = hashOf(number);
          if (act === 'add' && !set.has(hash)) set.add('prev', hash);
          if (act === 'add') model.add(toHex(hash));
          if (act === 'forget') set.forget(hash);
          if (act === 'forget') model.delete(toHex(hash));
          if (act === 'release') set.release(hash);
          expect(set.size()).toBe(model.size);
        }
        for (let number = 0; number <= 40; number += 1) {
          expect(set.has(hashOf(number))).toBe(model.has(toHex(hashOf(number))));
        }
      }),
    );
  });

  it('keeps hashes apart that fall into the same place', () => {
    const set = createShareSet(100);
    const alike = [1, 2, 3].map((last) => Uint8Array.from(Buffer.alloc(32, 7)).fill(last, 31));
    for (const hash of alike) set.add('prev', hash);
    set.forget(alike[0] ?? new Uint8Array(32));
    expect(alike.map(set.has)).toEqual([false, true, true]);
  });

  it('drops the oldest prev_hash first, but never what is held', () => {
    const set = createShareSet(2_000);
    for (let number = 0; number < 1_000; number += 1) set.add('older', hashOf(number));
    for (let number = 1; number < 1_000; number += 1) set.release(hashOf(number));
    for (let number = 1_000; number < 2_000; number += 1) set.add('newer', hashOf(number));
    set.add('newest', hashOf(2_000));
    expect(set.has(hashOf(0))).toBe(true);
    expect(set.has(hashOf(1))).toBe(false);
    expect(set.has(hashOf(1_999)) && set.has(hashOf(2_000))).toBe(true);
  });

  it('drops the older half of a single prev_hash', () => {
    const set = createShareSet(1_000);
    for (let number = 0; number <= 1_000; number += 1) {
      set.add('only', hashOf(number));
      set.release(hashOf(number));
    }
    expect([set.has(hashOf(499)), set.has(hashOf(500)), set.has(hashOf(1_000))]).toEqual([false, true, true]);
  });

  it('grows to many hashes without losing one', () => {
    const set = createShareSet(300_000);
    for (let number = 0; number < 200_000; number += 1) set.add(`${number % 3}`, hashOf(number));
    for (let number = 0; number < 200_000; number += 997) expect(set.has(hashOf(number))).toBe(true);
    expect(set.size()).toBe(200_000);
  });
});
