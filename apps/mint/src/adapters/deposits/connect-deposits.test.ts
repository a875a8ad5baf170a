import { expect, it } from 'vitest';
import { connectDeposits } from './connect-deposits.ts';

it('without assets there are no deposits, and with one the mint says why it does not start', () => {
  expect(connectDeposits({})).toBeUndefined();
  expect(() => connectDeposits({ stake: 'sat' })).toThrow('no service yet that credits deposits');
});
