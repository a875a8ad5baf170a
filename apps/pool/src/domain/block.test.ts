import { describe, expect, it } from 'vitest';
import { unixMs } from '@assay/shared/kernel/clock';
import { type BlockState, eventOf, meaningOf, refusedByAll } from './block.ts';

const NOW = unixMs(1_795_227_000_000);

describe('what nodes answer to a block', () => {
  it.each([
    ['null', 'taken'],
    ['duplicate', 'taken'],
    ['high-hash', 'refused'],
    ['bad-txnmrklroot', 'refused'],
    ['time-too-new', 'refused'],
    ['duplicate-invalid', 'refused'],
    ['prev-blk-not-found', 'refused'],
    ['inconclusive', 'undecided'],
    ['inconclusive-not-best-prevblk', 'undecided'],
    ['duplicate-inconclusive', 'undecided'],
    ['error', 'undecided'],
    ['', 'undecided'],
  ])('"%s" means %s', (answer, meaning) => expect(meaningOf(answer)).toBe(meaning));

  it('refuses a block only when all nodes do', () => {
    const refused = { nodeId: 'a', answer: 'high-hash' };
    expect(refusedByAll([refused], 1)).toBe(true);
    expect(refusedByAll([refused], 2)).toBe(false);
    expect(refusedByAll([refused, { nodeId: 'b', answer: 'inconclusive' }], 2)).toBe(false);
    expect(refusedByAll([], 0)).toBe(false);
  });
});

describe('what nodes know of a block', () => {
  const states: [BlockState, number | undefined, number | undefined, string | undefined][] = [
    ['submitted', 0, undefined, undefined],
    ['submitted', 1, undefined, 'confirmed'],
    ['submitted', -1, undefined, 'lost'],
    ['refused', 1, undefined, 'confirmed'],
    ['orphaned', 1, undefined, 'confirmed'],
    ['chained', 99, undefined, undefined],
    ['chained', 100, undefined, 'matured'],
    ['chained', undefined, 599_999, undefined],
    ['chained', undefined, 600_000, 'lost'],
    ['mature', -1, undefined, 'lost'],
    ['submitted', undefined, undefined, undefined],
  ];
  it.each(states)('%s with %s confirmations, unknown for %s ms: %s', (state, confirmations, unknownMs, event) => {
    const since = unknownMs === undefined ? {} : { unknownSince: unixMs(NOW - unknownMs) };
    expect(eventOf(state, { confirmations, ...since }, NOW)).toBe(event);
  });
});
