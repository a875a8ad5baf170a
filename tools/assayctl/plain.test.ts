import { expect, test } from 'vitest';
import { Quote, QuoteState } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { DEAD_LETTER_CLASSES, plainOf, QUOTE_STATES } from './plain.ts';

test('a message becomes plain data: amounts exact as text, bytes in hex, states by their names', () => {
  const quote = Quote.fromPartial({
    naturalKey: 'ehash:pool-1/b-1',
    pubkey: Buffer.from('02ab', 'hex'),
    state: QuoteState.QUOTE_STATE_PAID,
    amountPaid: 2n ** 53n + 1n,
  });
  expect(plainOf(quote, { state: QUOTE_STATES })).toMatchObject({
    ...{ naturalKey: 'ehash:pool-1/b-1', pubkey: '02ab', state: 'PAID', amountPaid: '9007199254740993', version: '0' },
  });
});

test('a state that only a newer service knows is shown as its number', () => {
  expect(QUOTE_STATES.nameOf(99)).toBe('99');
  expect(DEAD_LETTER_CLASSES.names).toEqual(['POISON', 'DEPENDENCY', 'DISAGREE', 'LATE', 'SEQUENCE', 'ERROR']);
});

test('what is not there is null, and lists keep their order', () => {
  expect(plainOf({ keyset: undefined, amounts: [1n, 2n], part: { sum: 3n } })).toEqual({
    ...{ keyset: null, amounts: ['1', '2'], part: { sum: '3' } },
  });
});
