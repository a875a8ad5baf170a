import { describe, expect, it } from 'vitest';
import { unixMs } from '@assay/shared/kernel/clock';
import { chooseNode, hasForeignRule, isHealthy, reviewed, UNKNOWN_NODE } from './node-health.ts';

const NOW = unixMs(1_000_000);
const UP = { ...UNKNOWN_NODE, tip: 'a', height: 100, healthySince: NOW };

describe('the node that templates come from', () => {
  it('is the first healthy one', () => {
    expect(chooseNode([{ ...UP, failures: 3 }, UP, UP], undefined, NOW)).toBe(1);
    expect(chooseNode([{ ...UP, failures: 3 }], undefined, NOW)).toBeUndefined();
  });

  it('stays the same until a better one was healthy for 60 s', () => {
    expect(chooseNode([UP, UP], 1, unixMs(NOW + 59_999))).toBe(1);
    expect(chooseNode([UP, UP], 1, unixMs(NOW + 60_000))).toBe(0);
  });

  it.each([
    ['never answered', { ...UP, tip: undefined }],
    ['failed three times in a row', { ...UP, failures: 3 }],
    ['is in initial block download', { ...UP, initialDownload: true }],
    ['has a rule that is not known', { ...UP, foreignRule: true }],
    ['is behind for 5 s', { ...UP, behindSince: unixMs(NOW - 5_000) }],
  ])('is not one that %s', (_, health) => {
    expect(isHealthy(health, NOW)).toBe(false);
  });

  it('counts as behind while another shows a higher tip, and as healthy anew when it caught up', () => {
    const [low] = reviewed([{ ...UP, height: 99 }, UP], NOW);
    expect(low).toMatchObject({ behindSince: NOW, healthySince: NOW });
    const late = unixMs(NOW + 5_000);
    const [lost] = reviewed([low ?? UP, UP], late);
    expect(lost?.healthySince).toBeUndefined();
    const [again] = reviewed([{ ...(lost ?? UP), height: 100 }, UP], late);
    expect(again).toMatchObject({ behindSince: undefined, healthySince: late });
  });

  it('may ask for segwit and signet, and for nothing else', () => {
    expect(hasForeignRule(['csv', '!segwit', '!signet', 'taproot'])).toBe(false);
    expect(hasForeignRule(['!tomorrow'])).toBe(true);
  });
});
