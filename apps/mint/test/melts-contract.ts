import { FakeClock } from '@assay/testkit/fake-clock';
import { amount } from '@assay/shared/kernel/money';
import { present } from '@assay/shared/kernel/assert';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '@assay/shared/kernel/clock';
import type { Melt, MeltIntent, PendingMelt } from '../src/domain/melt.ts';
import type { UncommittedOperation } from '../src/domain/operation.ts';
import { HASH_UNIT } from '../src/domain/unit.ts';
import type { Melts } from '../src/melt-ports.ts';
import type { Operations } from '../src/ports.ts';
import { anInput, anOutput, aSwap } from './operations-contract.ts';
import { opId } from './requests.ts';

export const MELT_QUOTE_ID = '0198f1c0-7e8a-7c3d-8e9f-1a2b3c4d5e6f';

export interface MeltPorts {
  readonly melts: Melts;
  readonly operations: Operations;
}

export function anIntent(name: string, inputs: readonly string[], blanks: readonly string[], quote = name): MeltIntent {
  return {
    opId: opId(name),
    method: 'bolt11',
    unit: HASH_UNIT,
    meltQuoteId: `${MELT_QUOTE_ID.slice(0, 24)}${opId(quote).slice(0, 12)}`,
    paymentKey: `bolt11:${quote}`,
    inputs: inputs.map(anInput),
    blanks: blanks.map((blank) => ({ b: anOutput(blank).b, keyset: anOutput(blank).keyset })),
    fee: amount(0n),
    trace: undefined,
  };
}

/** What it becomes when its payment took everything but the signed `change`. */
export function paidOperation(intent: MeltIntent, change: readonly string[]): UncommittedOperation {
  const outputs = change.map(anOutput);
  const [given, returned] = [4n * BigInt(intent.inputs.length), 4n * BigInt(outputs.length)];
  const { opId: id, method, unit, inputs, fee, trace } = intent;
  const rest = { quotes: [], fee, out: amount(given - returned), surplus: amount(0n), trace };
  return { opId: id, kind: 'MELT', method, unit, inputs, outputs, ...rest };
}

/**
 * What every implementation of the melts must hold.
 * @param open two instances before one empty store, as two processes have them, by one clock
 */
export function meltsContract(open: (clock: Clock) => Promise<readonly [MeltPorts, MeltPorts]>): void {
  describe('melts', () => {
    let one: MeltPorts;
    let other: MeltPorts;
    let clock: FakeClock;
    beforeEach(async () => {
      clock = new FakeClock();
      [one, other] = await open(clock);
    });

    async function reserved(intent: MeltIntent): Promise<PendingMelt> {
      expect(await one.melts.reserve(intent)).toBe('committed');
      return pending(await other.melts.find(intent.opId));
    }

    const statesOf = async (names: readonly string[]) => {
      const found = await other.operations.findSpent(names.map((name) => anInput(name).y));
      return names.map((name) => found.get(anInput(name).y)?.state);
    };
    const outputsOf = async (names: readonly string[]) => {
      const found = await other.operations.findSigned(names.map((name) => anOutput(name).b));
      return names.map((name) => found.get(anOutput(name).b)?.state);
    };

    it('a reserved melt locks its inputs and blank outputs, and is no committed operation', async () => {
      const intent = anIntent('melt', ['a', 'b'], ['x']);
      const melt = await reserved(intent);
      expect(melt).toEqual({ ...intent, state: 'PENDING', attempt: 1, version: 1, updatedAt: clock.now() });
      expect(await other.melts.findLive(intent.meltQuoteId)).toEqual(melt);
      expect(await other.melts.findPayment(intent.paymentKey)).toEqual(melt);
      expect(await other.operations.find(intent.opId)).toBeUndefined();
      expect(await statesOf(['a', 'b', 'c'])).toEqual(['PENDING', 'PENDING', undefined]);
      expect(await outputsOf(['x', 'y'])).toEqual(['RESERVED', undefined]);
    });

    it.each<[string, MeltIntent | 'swap']>([
      ['op id', anIntent('melt', ['c'], ['y'], 'other')],
      ['input', anIntent('two', ['c', 'a'], ['y'])],
      ['blank output', anIntent('two', ['c'], ['y', 'x'])],
      ['quote', { ...anIntent('two', ['c'], ['y']), meltQuoteId: anIntent('melt', [], []).meltQuoteId }],
      ['payment', { ...anIntent('two', ['c'], ['y']), paymentKey: anIntent('melt', [], []).paymentKey }],
      ['input of a swap', 'swap'],
    ])('of two with one %s the second leaves nothing', async (_, second) => {
      await reserved(anIntent('melt', ['a'], ['x']));
      const outcome =
        second === 'swap' ? other.operations.commit(aSwap('swap', ['c', 'a'], ['y'])) : other.melts.reserve(second);
      expect(await outcome).toBe('duplicate');
      expect(await statesOf(['a', 'c'])).toEqual(['PENDING', undefined]);
      expect(await outputsOf(['x', 'y'])).toEqual(['RESERVED', undefined]);
    });

    it('a paid melt is a committed operation: its inputs are spent, its change is signed, other blanks are free', async () => {
      const intent = anIntent('melt', ['a', 'b', 'c'], ['x', 'y']);
      const melt = await reserved(intent);
      const committedAt = clock.advance(5_000);
      const operation = paidOperation(intent, ['x']);
      expect(await other.melts.commit(melt, operation, 'ab'.repeat(32))).toBe(true);
      expect(await one.operations.find(intent.opId)).toEqual({ ...operation, committedAt });
      expect(await one.melts.find(intent.opId)).toMatchObject({
        ...{ state: 'COMMITTED', version: 2, preimage: 'ab'.repeat(32), operation: { ...operation, committedAt } },
      });
      expect(await statesOf(['a', 'c'])).toEqual(['SPENT', 'SPENT']);
      expect(await outputsOf(['x', 'y'])).toEqual(['SIGNED', undefined]);
      expect(await other.melts.reserve(anIntent('again', ['d'], ['y'], 'melt'))).toBe('duplicate');
      expect([await one.melts.commit(melt, operation, undefined), await one.melts.release(melt)]).toEqual([
        false,
        false,
      ]);
    });

    it('a failed melt frees everything that it held', async () => {
      const intent = anIntent('melt', ['a'], ['x']);
      const melt = await reserved(intent);
      expect(await other.melts.release(melt)).toBe(true);
      expect(await one.melts.find(intent.opId)).toMatchObject({ state: 'FAILED', inputs: intent.inputs, version: 2 });
      expect(await one.melts.findLive(intent.meltQuoteId)).toBeUndefined();
      expect(await statesOf(['a'])).toEqual([undefined]);
      expect(await outputsOf(['x'])).toEqual([undefined]);
      expect(await one.melts.commit(melt, paidOperation(intent, []), undefined)).toBe(false);
      expect(await one.operations.commit(aSwap('swap', ['a'], ['x']))).toBe('committed');
    });

    it('a failed melt that is tried again locks its inputs again, once', async () => {
      const intent = anIntent('melt', ['a'], ['x']);
      await one.melts.release(await reserved(intent));
      const failed = await one.melts.find(intent.opId);
      if (failed?.state !== 'FAILED') throw new Error('not failed');
      const outcomes = await Promise.all([one, other].map(({ melts }) => melts.reserveAgain(failed, intent)));
      expect(outcomes.sort()).toEqual(['committed', 'duplicate']);
      expect(pending(await one.melts.find(intent.opId))).toMatchObject({ ...intent, attempt: 2, version: 3 });
      expect(await statesOf(['a'])).toEqual(['PENDING']);
    });

    it('a failed melt whose input was spent meanwhile stays failed', async () => {
      const intent = anIntent('melt', ['a', 'b'], ['x']);
      await one.melts.release(await reserved(intent));
      expect(await other.operations.commit(aSwap('swap', ['b'], ['z']))).toBe('committed');
      const failed = await one.melts.find(intent.opId);
      if (failed?.state !== 'FAILED') throw new Error('not failed');
      expect(await one.melts.reserveAgain(failed, intent)).toBe('duplicate');
      expect(await one.melts.find(intent.opId)).toEqual(failed);
      expect(await statesOf(['a', 'b'])).toEqual([undefined, 'SPENT']);
    });

    it('of a hundred at once for one quote, at two instances, one is reserved', async () => {
      const rivals = Array.from({ length: 100 }, (_, index) => anIntent(`r-${index}`, [`in-${index}`], [], 'one'));
      const outcomes = await Promise.all(
        rivals.map((rival, index) => (index % 2 === 0 ? one : other).melts.reserve(rival)),
      );
      expect(outcomes.filter((outcome) => outcome === 'committed')).toHaveLength(1);
    });

    it('pending ones are listed oldest first, page by page', async () => {
      const names = ['a', 'b', 'c', 'd'];
      for (const name of names) {
        await reserved(anIntent(name, [name], []));
        clock.advance(1_000);
      }
      await one.melts.release(pending(await one.melts.find(opId('b'))));
      const before = pending(await one.melts.find(opId('d'))).updatedAt;
      const first = await other.melts.listPending({ before, after: undefined, limit: 1 });
      const second = await other.melts.listPending({ before, after: present(first[0], 'first'), limit: 5 });
      expect([...first, ...second].map(({ opId: id }) => id)).toEqual(['a', 'c'].map(opId));
    });
  });
}

function pending(melt: Melt | undefined): PendingMelt {
  if (melt?.state !== 'PENDING') throw new Error(`the melt is ${melt?.state ?? 'not there'}`);
  return melt;
}
