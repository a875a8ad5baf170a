import { FakeClock } from '@assay/testkit/fake-clock';
import { describe, expect, it } from 'vitest';
import { type Control, paused } from '../domain/control.ts';
import { followControl } from './follow-control.ts';

const UNPAUSED: Control = {
  level: 'NONE',
  openBreaches: [],
  acknowledged: [],
  reason: '',
  by: '',
  changedAt: new FakeClock().now(),
  version: 1,
};

/** A store in which a pause comes just after an instance has read the control. */
function pausedAfterRead(clock: FakeClock) {
  const registered = new Map<string, number>();
  let stored = UNPAUSED;
  let waits = false;
  return {
    /** Whether the pause saw that an instance has yet to obey it. */
    waitsForIt: () => waits,
    read: async () => {
      const answer = stored;
      stored = paused(stored, { level: 'ALL', reason: 'stop', by: 'auditor' }, clock.now()) ?? stored;
      waits ||= [...registered.values()].some((version) => version < stored.version);
      return answer;
    },
    register: async (version: number) => void registered.set('this', version),
  };
}

describe('an instance that begins to obey the control', () => {
  it('is waited for by a pause that it has not read', async () => {
    const clock = new FakeClock();
    const control = pausedAfterRead(clock);
    const follower = followControl({ control, clock });
    await follower.refresh();
    expect([follower.level(), control.waitsForIt()]).toEqual(['NONE', true]);
    await follower.refresh();
    expect(follower.level()).toBe('ALL');
  });
});
