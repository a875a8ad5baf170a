import type { Clock } from '@assay/shared/kernel/clock';
import { toHex, utf8 } from '@assay/shared/kernel/bytes';
import { FakeClock } from '@assay/testkit/fake-clock';
import { sha256 } from '@assay/shared/kernel/hash';
import { amount } from '@assay/shared/kernel/money';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Operation, OperationInput, OperationOutput, QuoteStep } from '../src/domain/operation.ts';
import { pointOfSecret } from '../src/domain/side-checks.ts';
import { HASH_UNIT } from '../src/domain/unit.ts';
import type { Operations } from '../src/ports.ts';

const KEYSET = `01${'ab'.repeat(32)}`;

export function anInput(name: string): OperationInput {
  return { y: pointOfSecret(name), keyset: KEYSET, amount: amount(4n), witness: undefined };
}

export function anOutput(name: string): OperationOutput {
  const scalar = toHex(sha256(utf8(name)));
  return {
    b: pointOfSecret(`b/${name}`),
    keyset: KEYSET,
    amount: amount(4n),
    c: pointOfSecret(`c/${name}`),
    e: scalar,
    s: scalar,
  };
}

export function aSwap(name: string, inputs: readonly string[], outputs: readonly string[]): Operation {
  return {
    opId: toHex(sha256(utf8(name))),
    kind: 'SWAP',
    method: undefined,
    unit: HASH_UNIT,
    committedAt: new FakeClock().now(),
    inputs: inputs.map(anInput),
    outputs: outputs.map(anOutput),
    quotes: [],
    fee: amount(0n),
    out: amount(0n),
    surplus: amount(0n),
    trace: undefined,
  };
}

export function aMint(name: string, step: QuoteStep, outputs: readonly string[]): Operation {
  return { ...aSwap(name, [], outputs), kind: 'MINT', method: 'ehash', quotes: [step] };
}

function aStep(step: number, naturalKey = 'ehash:pool-1/b-0001'): QuoteStep {
  return { naturalKey, step, amount: amount(4n) };
}

/**
 * What every implementation of the operations must hold.
 * @param open two port instances before one empty store, as two processes have them, by one clock
 */
export function operationsContract(open: (clock: Clock) => Promise<readonly [Operations, Operations]>): void {
  describe('operations', () => {
    let one: Operations;
    let other: Operations;
    let clock: FakeClock;
    beforeEach(async () => {
      clock = new FakeClock();
      [one, other] = await open(clock);
    });

    it('an operation that had to wait is committed at the time of its insert', async () => {
      const committing = one.commit(aSwap('swap', ['a'], ['x']));
      const inserted = clock.advance(50_000);
      expect(await committing).toBe('committed');
      expect(await other.find(aSwap('swap', [], []).opId)).toMatchObject({ committedAt: inserted });
    });

    it('a committed operation is found as it was, by every instance', async () => {
      const trace = { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` };
      const [input] = [anInput('a')];
      const swap = {
        ...aSwap('swap', [], ['x', 'y']),
        inputs: [{ ...input, amount: amount(9n), witness: 'seen' }],
        fee: amount(1n),
        out: amount(0n),
        surplus: amount(0n),
        trace,
      };
      const mint = aMint('mint', aStep(0), ['z']);
      expect([await one.commit(swap), await one.commit(mint)]).toEqual(['committed', 'committed']);
      expect([await other.find(swap.opId), await other.find(mint.opId)]).toEqual([swap, mint]);
      expect(await other.find('00'.repeat(32))).toBeUndefined();
    });

    it('what is spent and signed is found among what is not', async () => {
      await one.commit(aSwap('swap', ['a', 'b'], ['x']));
      const spent = await other.findSpent(['a', 'c', 'b'].map((name) => anInput(name).y));
      expect([...spent.keys()].sort()).toEqual([anInput('a').y, anInput('b').y].sort());
      expect(spent.get(anInput('a').y)).toEqual({ state: 'SPENT', witness: undefined });
      const signed = await other.findSigned([anOutput('x').b, anOutput('y').b]);
      expect([...signed]).toEqual([[anOutput('x').b, { state: 'SIGNED', signature: anOutput('x') }]]);
    });

    it.each<[string, Operation, Operation]>([
      ['op id', aSwap('same', ['a'], ['x']), aSwap('same', ['b'], ['y'])],
      ['input', aSwap('one', ['a', 'b'], ['x']), aSwap('two', ['c', 'b'], ['y'])],
      ['output', aSwap('one', ['a'], ['x', 'y']), aSwap('two', ['b'], ['z', 'y'])],
      ['quote step', aMint('one', aStep(0), ['x']), aMint('two', aStep(0), ['y'])],
      ['output of another kind', aMint('one', aStep(0), ['x']), aSwap('two', ['a'], ['x'])],
    ])('of two with one %s the second leaves nothing', async (_, first, second) => {
      expect(await one.commit(first)).toBe('committed');
      expect(await other.commit(second)).toBe('duplicate');
      const points = [...second.inputs].filter(({ y }) => first.inputs.every((input) => input.y !== y));
      expect((await one.findSpent(points.map(({ y }) => y))).size).toBe(0);
      expect(await one.find(first.opId)).toEqual(first);
    });

    it('other steps and other quotes do not meet', async () => {
      const operations = [
        aMint('one', aStep(0), ['x']),
        aMint('two', aStep(1), ['y']),
        aMint('three', aStep(0, 'ehash:pool-1/b-0002'), ['z']),
        aSwap('no-quote', ['a'], ['v']),
        aSwap('no-quote-either', ['b'], ['w']),
      ];
      const outcomes = await Promise.all(operations.map((operation) => one.commit(operation)));
      expect(outcomes).toEqual(operations.map(() => 'committed'));
    });

    it('of a hundred at once with one input, at two instances, one is committed', async () => {
      const rivals = Array.from({ length: 100 }, (_, index) => aSwap(`r-${index}`, ['a'], [`x-${index}`]));
      const outcomes = await Promise.all(rivals.map((rival, index) => (index % 2 === 0 ? one : other).commit(rival)));
      expect(outcomes.filter((outcome) => outcome === 'committed')).toHaveLength(1);
      const found = await Promise.all(rivals.map(({ opId }) => one.find(opId)));
      expect(found.findIndex((stored) => stored !== undefined)).toBe(outcomes.indexOf('committed'));
    });

    it('after a duplicate everybody sees who was first', async () => {
      const rivals = Array.from({ length: 40 }, (_, index) => aMint(`r-${index}`, aStep(0), [`x-${index}`]));
      const seen = await Promise.all(
        rivals.map(async (rival, index) => {
          const port = index % 2 === 0 ? one : other;
          await port.commit(rival);
          const signed = await port.findSigned(rivals.flatMap(({ outputs }) => outputs.map((output) => output.b)));
          return signed.size;
        }),
      );
      expect(new Set(seen)).toEqual(new Set([1]));
    });

    it('many at once are each answered for themselves', async () => {
      const fresh = Array.from({ length: 200 }, (_, index) => aSwap(`f-${index}`, [`in-${index}`], [`out-${index}`]));
      const repeated = fresh.map((operation, index) => (index % 5 === 4 ? (fresh[index - 1] ?? operation) : operation));
      const outcomes = await Promise.all(repeated.map((operation) => one.commit(operation)));
      expect(outcomes.filter((outcome) => outcome === 'duplicate')).toHaveLength(40);
      const stored = await Promise.all(fresh.map(({ opId }) => other.find(opId)));
      expect(stored.filter((operation) => operation !== undefined)).toHaveLength(160);
    });
  });
}
