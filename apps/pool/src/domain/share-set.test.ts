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
          if (act === 'add' && !set.has(hash)) set.add(hash);
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
    for (const hash of alike) set.add(hash);
    set.forget(alike[0] ?? new Uint8Array(32));
    expect(alike.map(set.has)).toEqual([false, true, true]);
  });

  it('drops the oldest first, but never what is held', () => {
    const set = createShareSet(2_000);
    for (let number = 0; number < 2_000; number += 1) set.add(hashOf(number));
    for (let number = 1; number < 1_000; number += 1) set.release(hashOf(number));
    for (let number = 2_000; number < 2_500; number += 1) set.add(hashOf(number));
    const known = (number: number) => set.has(hashOf(number));
    expect([0, 1, 500, 501, 1_999, 2_000, 2_499].map(known)).toEqual([true, false, false, true, true, true, true]);
    expect(set.size()).toBe(2_000);
  });

  it('holds more than its bound rather than to miss one that is held', () => {
    const set = createShareSet(100);
    for (let number = 0; number < 350; number += 1) set.add(hashOf(number));
    expect(Array.from({ length: 350 }, (_, number) => set.has(hashOf(number)))).not.toContain(false);
  });

  it('is like a set that drops its oldest, whatever is released and forgotten', () => {
    const step = fc.record({ act: fc.constantFrom('add', 'add', 'forget'), number: fc.nat(60) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const set = createShareSet(16);
        for (const { act, number } of steps) {
          const hash = hashOf(number);
          if (act === 'forget') set.forget(hash);
          else if (!set.has(hash)) {
            set.add(hash);
            set.release(hash);
          }
          expect(set.has(hash)).toBe(act === 'add');
          expect(Array.from({ length: 61 }, (_, at) => set.has(hashOf(at))).filter(Boolean)).toHaveLength(set.size());
          expect(set.size()).toBeLessThanOrEqual(16);
        }
      }),
    );
  });

  it('takes many hashes without losing one', () => {
    const set = createShareSet(300_000);
    for (let number = 0; number < 200_000; number += 1) set.add(hashOf(number));
    for (let number = 0; number < 200_000; number += 997) expect(set.has(hashOf(number))).toBe(true);
    expect(set.size()).toBe(200_000);
  });
});
