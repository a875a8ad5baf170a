import { FakeClock } from '@assay/testkit/fake-clock';
import { describe, expect, test } from 'vitest';
import { paidQuote } from '../../test/memory-mint.ts';
import type { Quote } from '../domain/quote.ts';
import type { QuoteFeed } from '../watch-ports.ts';
import { watchQuotes } from './watch-quotes.ts';

const BOOKMARK_MS = 15_000;

/** A feed of one page and then these changes, each of which takes as long as a bookmark; then it is lost. */
function scripted(
  clock: FakeClock,
  changes: readonly (Quote | undefined)[],
  pages: readonly (readonly Quote[] | 'lost')[] = [[paidQuote(8n)]],
) {
  const left = [...changes];
  const log: string[] = [];
  let isClosed = false;
  const feed: QuoteFeed = {
    open: async (_, position) => ({
      snapshot: async function* () {
        if (position === undefined) yield* pages;
      },
      change: async () => {
        clock.advance(BOOKMARK_MS);
        return left.length === 0 ? 'lost' : left.shift();
      },
      position: () => `${position ?? 'begin'}+${changes.length - left.length}`,
      close: async () => void (isClosed = true),
    }),
  };
  const run = async (position: string | undefined, isOver = () => false) => {
    const updates = await watchQuotes({ feed, clock }, { filter: {}, position, isOver });
    if (updates === undefined) return log;
    for await (const update of updates) {
      if (update.is === 'bookmark') log.push(`bookmark ${update.position}`);
      else if (update.is === 'lost') log.push(`lost ${update.late ? 'late' : 'at once'}`);
      else log.push(`${update.is} ${update.quote.version}`);
    }
    return log;
  };
  return { run, isClosed: () => isClosed };
}

describe('a watch', () => {
  test('gives the snapshot, its bookmark, then changes with a bookmark every 15 s', async () => {
    const { run, isClosed } = scripted(new FakeClock(), [{ ...paidQuote(8n), version: 2 }, undefined]);
    expect(await run(undefined)).toEqual([
      'snapshot 1',
      'bookmark begin+0',
      'change 2',
      'bookmark begin+1',
      'bookmark begin+2',
      'lost late',
    ]);
    expect(isClosed()).toBe(true);
  });

  test('that goes on gives no snapshot, and tells when its position is forgotten', async () => {
    expect(await scripted(new FakeClock(), []).run('x')).toEqual(['bookmark x+0', 'lost at once']);
    const changed = scripted(new FakeClock(), [undefined]);
    expect(await changed.run('x')).toEqual(['bookmark x+0', 'bookmark x+1', 'lost late']);
  });

  test('of a snapshot that took too long tells so, and is closed', async () => {
    const { run, isClosed } = scripted(new FakeClock(), [], [[paidQuote(8n)], 'lost']);
    expect(await run(undefined)).toEqual(['snapshot 1', 'lost late']);
    expect(isClosed()).toBe(true);
  });

  test('ends when nobody waits, and is closed', async () => {
    const { run, isClosed } = scripted(new FakeClock(), [undefined, undefined]);
    let asked = 0;
    expect(await run('x', () => (asked += 1) > 1)).toEqual(['bookmark x+0', 'bookmark x+1']);
    expect(isClosed()).toBe(true);
  });
});
