import { expect, it } from 'vitest';
import { FakeClock } from '@assay/testkit/fake-clock';
import { knownTemplate } from '../../test/known-work.ts';
import { JobBoard } from './job-board.ts';

it('the age of the template is that of the instance while it never had one', () => {
  const clock = new FakeClock();
  const board = new JobBoard({ clock, maxAgeMs: 180_000, staleGraceMs: 2_000, firstCounter: 0 });
  clock.advance(91_000);
  expect(board.ageMs()).toBe(91_000);
  const template = knownTemplate();
  board.post({ template, curtime: template.minNtime, fetchedAt: clock.now() });
  clock.advance(5_000);
  expect(board.ageMs()).toBe(5_000);
});
