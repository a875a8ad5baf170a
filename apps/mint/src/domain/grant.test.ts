import { unixMs } from '@assay/shared/kernel/clock';
import { amount } from '@assay/shared/kernel/money';
import { expect, test } from 'vitest';
import { approved, proposed } from './grant.ts';
import { SAT_UNIT } from './unit.ts';

const now = unixMs(1_795_227_413_000);
const terms = { grantId: 'g-1', unit: SAT_UNIT, amount: amount(5n), reason: 'rewards of May' };

test.each([
  ['operator/alice', 'operator/bob', true],
  ['operator/alice', 'operator/alice', false],
  ['operator', 'operator', false],
  ['operator/alice', 'operator', false],
  ['operator', 'operator/bob', false],
])('a grant that %s proposed and %s approves: %s', (first, second, isApproved) => {
  const grant = proposed(terms, first, now);
  const answer = approved(grant, second, now);
  expect(answer).toMatchObject(
    isApproved ? { ok: true, value: { state: 'APPROVED', approvedBy: second } } : { ok: false, error: 'SAME_ACTOR' },
  );
});

test('an approved grant stays as it was approved', () => {
  const first = approved(proposed(terms, 'operator/alice', now), 'operator/bob', now);
  expect(first.ok && approved(first.value, 'operator/carol', now)).toEqual(first);
});
