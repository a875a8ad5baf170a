import { dueAfter, withinDeadline } from '@assay/shared/runtime/grpc-deadline';
import { reasonIn, wireStatusOf } from '@assay/shared/runtime/grpc-status';
import fc from 'fast-check';
import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { grouped } from './grouping.ts';

describe('grouped calls', () => {
  it('give each item its own answer, in groups of at most the weight and the calls allowed', async () => {
    const weights = fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(weights, fc.integer({ min: 1, max: 3 }), async (items, inFlightMax) => {
        let inFlight = 0;
        const groups: (readonly number[])[] = [];
        const call = grouped<number, string>({
          weightMax: 10,
          inFlightMax,
          waitingMax: 100,
          weigh: (weight) => weight,
          run: async (group) => {
            groups.push(group);
            inFlight += 1;
            expect(inFlight).toBeLessThanOrEqual(inFlightMax);
            await new Promise((resolve) => setImmediate(resolve));
            inFlight -= 1;
            return group.map((weight) => `answer to ${weight}`);
          },
        });
        expect(await Promise.all(items.map(call))).toEqual(items.map((weight) => `answer to ${weight}`));
        expect(groups.flat()).toEqual(items);
        for (const group of groups) {
          expect(group.length === 1 || group.reduce((sum, weight) => sum + weight, 0) <= 10).toBe(true);
        }
      }),
    );
  });

  it('a call goes beside another only when what waits is worth it', async () => {
    const groups: (readonly string[])[] = [];
    const ends: (() => void)[] = [];
    const call = grouped<string, string>({
      ...{ weightMax: 4, inFlightMax: 2, besideFrom: 3, waitingMax: 10 },
      run: async (group) => {
        groups.push(group);
        await new Promise<void>((resolve) => ends.push(resolve));
        return group;
      },
    });
    const answers = [call('a')];
    await turn();
    answers.push(call('b'), call('c'));
    await turn();
    expect(groups).toEqual([['a']]);
    answers.push(call('d'));
    await turn();
    expect(groups).toEqual([['a'], ['b', 'c', 'd']]);
    answers.push(call('e'));
    ends[0]?.();
    await turn();
    await turn();
    expect(groups).toHaveLength(2);
    ends[1]?.();
    await vi.waitFor(() => expect(groups).toEqual([['a'], ['b', 'c', 'd'], ['e']]));
    ends[2]?.();
    expect(await Promise.all(answers)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('a fault is the fault of everybody in the group and of nobody else', async () => {
    const call = grouped<string, string>({
      weightMax: 2,
      inFlightMax: 1,
      waitingMax: 10,
      run: async (group) => {
        if (group.includes('bad')) throw new Error('failed');
        return group;
      },
    });
    const answers = await Promise.allSettled(['good', 'bad', 'fine', 'well'].map(call));
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled']);
  });

  it('are made where their oldest item was asked for, and by nobody’s deadline: others wait for the same call', async () => {
    const asking = new AsyncLocalStorage<string>();
    const call = grouped<string, { by: string | undefined; isOver: boolean }>({
      weightMax: 2,
      inFlightMax: 1,
      waitingMax: 10,
      run: async (group) => {
        await turn();
        return group.map(() => ({ by: asking.getStore(), isOver: dueAfter(60_000) < Date.now() }));
      },
    });
    const ask = (by: string, deadline: number) => asking.run(by, () => withinDeadline(deadline, () => call(by)));
    const answers = await Promise.all([ask('first', 1), ask('second', Infinity), ask('third', 1), ask('fourth', 1)]);
    expect(answers.map(({ by }) => by)).toEqual(['first', 'first', 'third', 'third']);
    expect(answers.some(({ isOver }) => isOver)).toBe(false);
  });

  it('more waiting items than allowed are refused, and teams are told to come back', async () => {
    const call = grouped<number, number>({ weightMax: 1, inFlightMax: 1, waitingMax: 2, run: async (group) => group });
    const answers = await Promise.allSettled([1, 2, 3].map(call));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    const [refused] = answers.flatMap((answer) => (answer.status === 'rejected' ? [wireStatusOf(answer.reason)] : []));
    expect(refused).toMatchObject({ name: 'UNAVAILABLE', details: 'more than 2 requests are waiting' });
    expect(reasonIn(refused?.metadata)).toBe('DEPENDENCY_UNAVAILABLE');
  });
});
