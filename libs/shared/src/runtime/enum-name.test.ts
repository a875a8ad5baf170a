import { DeadLetterClass } from '@assay/proto/gen/assay/platform/v1/dead_letters';
import { expect, test } from 'vitest';
import { nameOf } from './enum-name.ts';

test('a value of the wire has its bare name, zero has none, and what is no value is refused', () => {
  const name = (value: number) => nameOf(DeadLetterClass, 'DEAD_LETTER_CLASS_', value);
  expect(name(DeadLetterClass.DEAD_LETTER_CLASS_LATE)).toBe('LATE');
  expect(name(0)).toBeUndefined();
  for (const unknown of [-1, 99])
    expect(() => name(unknown)).toThrow(`${unknown} is not a value of DEAD_LETTER_CLASS_`);
});
