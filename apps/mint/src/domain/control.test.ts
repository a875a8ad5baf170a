import { unixMs } from '@assay/shared/kernel/clock';
import { describe, expect, test } from 'vitest';
import { breachAcknowledged, type Control, decideResume, obeyedLevel, paused } from './control.ts';

const NOW = unixMs(1_795_227_413_000);
const running: Control = {
  level: 'NONE',
  openBreaches: [],
  acknowledged: [],
  reason: '',
  by: '',
  changedAt: NOW,
  version: 1,
};
const stopAll = { level: 'ALL', reason: 'B4 broken', by: 'auditor', breachId: 'B4:q', breachVersion: 1 } as const;
const stopIssuance = { level: 'ISSUANCE', reason: 'look', by: 'operator' } as const;

function after(control: Control, next: Control | undefined): Control {
  if (next === undefined) throw new Error(`nothing changed at version ${control.version}`);
  return next;
}

describe('the control', () => {
  test('takes a pause and its breach', () => {
    expect(paused(running, stopAll, NOW)).toMatchObject({
      level: 'ALL',
      openBreaches: ['B4:q'],
      version: 2,
      by: 'auditor',
    });
  });

  test('keeps a higher level, and says that nothing changed', () => {
    const all = after(running, paused(running, stopAll, NOW));
    expect(paused(all, stopIssuance, NOW)).toBeUndefined();
    expect(paused(all, { ...stopAll, breachVersion: 2 }, NOW)).toBeUndefined();
  });

  test('adds a second breach at the level it has', () => {
    const all = after(running, paused(running, stopAll, NOW));
    const both = paused(all, { ...stopIssuance, breachId: 'B1:pool-1' }, NOW);
    expect(both).toMatchObject({ level: 'ALL', openBreaches: ['B4:q', 'B1:pool-1'] });
  });

  test('resumes only when no breach is open, and never by itself', () => {
    const all = after(running, paused(running, stopAll, NOW));
    expect(decideResume(all, 'mended', 'ann', NOW)).toEqual({ do: 'refuse', code: 'BREACH_OPEN' });
    const closed = after(all, breachAcknowledged(all, { breachId: 'B4:q', version: 2 }, NOW));
    expect(closed).toMatchObject({ level: 'ALL', openBreaches: [] });
    expect(decideResume(closed, 'mended', 'ann', NOW)).toMatchObject({
      do: 'resume',
      next: { level: 'NONE', by: 'ann' },
    });
    expect(decideResume(running, 'mended', 'ann', NOW)).toEqual({ do: 'nothing' });
  });

  test('does not open again a breach whose opening arrives after its acknowledgement', () => {
    const closed = after(running, breachAcknowledged(running, { breachId: 'B4:q', version: 2 }, NOW));
    expect(paused(closed, stopAll, NOW)).toBeUndefined();
    expect(paused(closed, { ...stopAll, breachVersion: 3 }, NOW)).toMatchObject({
      level: 'ALL',
      openBreaches: ['B4:q'],
    });
  });

  test('that could not be read for 5 seconds, or never, stops everything', () => {
    expect(obeyedLevel(undefined, NOW)).toBe('ALL');
    expect(obeyedLevel({ level: 'NONE', at: NOW }, unixMs(NOW + 4_999))).toBe('NONE');
    expect(obeyedLevel({ level: 'NONE', at: NOW }, unixMs(NOW + 5_000))).toBe('ALL');
    expect(obeyedLevel({ level: 'NONE', at: NOW }, unixMs(NOW - 3_600_000))).toBe('ALL');
  });
});
