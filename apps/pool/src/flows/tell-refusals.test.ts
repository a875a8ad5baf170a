import { expect, test } from 'vitest';
import { FakeClock } from '@assay/testkit/fake-clock';
import type { LockingKey } from '@assay/shared/kernel/ids';
import { createRefusalTeller, type RefusedShare } from './tell-refusals.ts';

const worker = { lockingKey: '02'.repeat(33) as LockingKey, name: 'rig' };

test('refusals are told to who listens, and beyond a thousand a second they are left out', () => {
  const clock = new FakeClock();
  const refusals = createRefusalTeller(clock);
  const told: RefusedShare[] = [];
  refusals.tell(worker, 'stale');
  refusals.listen((share) => told.push(share));
  for (let count = 0; count < 1_500; count += 1) refusals.tell(worker, 'duplicate');
  expect(told).toHaveLength(1_000);
  expect(told[0]).toEqual({ worker, reason: 'duplicate', atMs: clock.now() });
  clock.advance(1_000);
  refusals.tell(worker, 'stale');
  expect(told).toHaveLength(1_001);
});
