import { amount } from '@assay/shared/kernel/money';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aMint, aSwap, KEYSET } from '../../test/committed-operations.ts';
import { unixMs } from '@assay/shared/kernel/clock';
import type { Operation } from './operation.ts';
import { operationBreaches, supplyBreaches } from './invariants.ts';
import { addSupplies, countedOperations, EMPTY_SUPPLY, minusSupply, unitSupplies, withOperations } from './supply.ts';

const AT = unixMs(1_795_227_413_000);
const HEARD = { byId: new Map([[KEYSET.id, KEYSET]]), at: AT };

/** Mints, and swaps that spend what was signed before them. */
const history: fc.Arbitrary<Operation[]> = fc
  .array(fc.array(fc.bigInt({ min: 1n, max: 1_000n }), { minLength: 1, maxLength: 4 }), { maxLength: 12 })
  .map((mints) =>
    mints.flatMap((amounts, step) => {
      const mint = aMint({ naturalKey: 'ehash:pool-1/b', step, at: AT }, amounts);
      const [first = 1n] = amounts;
      return step % 2 === 0 || first === 1n ? [mint] : [mint, aSwap(AT, [first], [first - 1n])];
    }),
  );

describe('supply', () => {
  test('outstanding is what was minted without the fees, on every history', () => {
    fc.assert(
      fc.property(history, (operations) => {
        const supply = withOperations(EMPTY_SUPPLY, operations);
        for (const { outstanding, minted, fees } of unitSupplies(supply)) expect(outstanding).toBe(minted - fees);
        expect(countedOperations(supply)).toBe(BigInt(operations.length));
        const nothing = { yes: supply, open: EMPTY_SUPPLY, no: EMPTY_SUPPLY };
        expect(supplyBreaches(supply, nothing)).toEqual([]);
      }),
    );
  });

  test('is the same in whatever pieces it is added up', () => {
    fc.assert(
      fc.property(history, fc.nat(30), (operations, at) => {
        const [before, after] = [operations.slice(0, at), operations.slice(at)];
        const whole = withOperations(EMPTY_SUPPLY, operations);
        expect(withOperations(withOperations(EMPTY_SUPPLY, before), after)).toEqual(whole);
        const parts = [before, after].map((part) => withOperations(EMPTY_SUPPLY, part));
        expect(addSupplies(parts[0] ?? EMPTY_SUPPLY, parts[1] ?? EMPTY_SUPPLY)).toEqual(whole);
      }),
    );
  });

  test('may lag by an open chunk, scope by scope, and by nothing else', () => {
    const [counted, opening, waiting] = [
      [aMint({ naturalKey: 'q', step: 0, at: AT }, [8n])],
      [aSwap(AT, [8n], [4n, 3n])],
      [aSwap(AT, [4n], [4n])],
    ];
    const sums = {
      yes: withOperations(EMPTY_SUPPLY, counted),
      open: withOperations(EMPTY_SUPPLY, opening),
      no: withOperations(EMPTY_SUPPLY, waiting),
    };
    const both = addSupplies(sums.yes, sums.open);
    expect(supplyBreaches(sums.yes, sums)).toEqual([]);
    expect(supplyBreaches(both, sums)).toEqual([]);
    expect(supplyBreaches({ keysets: both.keysets, methods: sums.yes.methods }, sums)).toEqual([]);
    const all = addSupplies(both, sums.no);
    expect(supplyBreaches(all, sums).map(({ invariant }) => invariant)).toEqual(['M6', 'M6']);
  });
});

test('what is taken away from sums leaves the sums of the rest', () => {
  fc.assert(
    fc.property(history, fc.nat(), (operations, at) => {
      const cut = at % (operations.length + 1);
      const [part, rest] = [operations.slice(0, cut), operations.slice(cut)].map((each) =>
        withOperations(EMPTY_SUPPLY, each),
      );
      const all = withOperations(EMPTY_SUPPLY, operations);
      expect(minusSupply(all, part ?? EMPTY_SUPPLY)).toEqual(rest);
    }),
  );
});

describe('an operation', () => {
  const indexed = { inputs: true, outputs: true, quotes: false };
  const swap = aSwap(AT, [8n], [4n, 3n]);
  const found = (operation: Operation) => operationBreaches(operation, indexed, HEARD).map((each) => each.invariant);

  test('that the mint wrote breaks nothing', () => {
    expect(found(swap)).toEqual([]);
  });

  test('breaks M4 when it makes ecash, M3 when it names one point twice, M8 on two keysets', () => {
    expect(found({ ...swap, fee: amount(0n) })).toEqual(['M4']);
    const [input] = swap.inputs;
    const twice = input === undefined ? [] : [input, input];
    expect(found({ ...swap, inputs: twice, fee: amount(9n) })).toEqual(['M3']);
    const [first, ...others] = swap.outputs;
    const elsewhere = first === undefined ? [] : [{ ...first, keyset: '01' }, ...others];
    expect(found({ ...swap, outputs: elsewhere })).toEqual(['M8']);
  });
});
