import { afterAll, describe, expect, it } from 'vitest';
import { testContext } from '@assay/testkit/context';
import { watchNodes } from './flows/watch-nodes.ts';
import { startNodeWatch } from './loops.ts';

const context = testContext();
afterAll(() => context.stop());

const node = {
  id: 'node-a',
  propose: () => Promise.resolve({ kind: 'silent' as const, why: 'timeout' as const }),
  status: () => Promise.resolve({ bestBlock: '00'.repeat(32), height: 1, initialBlockDownload: false }),
  parentOf: () => Promise.resolve(undefined),
};

describe('the end of an outage of the nodes', () => {
  it('is acted on again and again until that succeeds, then not any more', async () => {
    const looks: (() => Promise<void> | void)[] = [];
    const every = (_: string, __: number, run: () => Promise<void> | void) => void looks.push(run);
    let tries = 0;
    startNodeWatch(
      { ...context, every },
      {
        nodes: [node],
        watch: watchNodes([node], 1),
        pollMs: 1_000,
        tips: {
          knows: () => Promise.resolve(true),
          isEmpty: () => Promise.resolve(false),
          record: () => Promise.resolve(),
          childSeenMs: () => Promise.resolve(undefined),
        },
        tipLease: undefined,
        onClosed: () => {
          tries += 1;
          return tries < 3 ? Promise.reject(new Error('the database is away')) : Promise.resolve();
        },
      },
    );
    const look = async () => looks[0]?.();
    for (let time = 1; time <= 2; time += 1) await expect(look()).rejects.toThrow('away');
    for (let time = 3; time <= 5; time += 1) await look();
    expect(tries).toBe(3);
  });
});
