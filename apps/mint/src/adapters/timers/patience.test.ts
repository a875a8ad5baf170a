import { testContext } from '@assay/testkit/context';
import { expect, it } from 'vitest';
import { patience } from './patience.ts';

const context = testContext();

it('a wallet is told what came while it waited', async () => {
  expect(await patience(context).waitFor(Promise.resolve('paid'))).toBe('paid');
});

it('a payment that takes too long goes on without it', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  expect(await patience(context, 5).waitFor(promise)).toBeUndefined();
  resolve('paid');
  expect(await promise).toBe('paid');
});

it('a fault of the payment is not the wallet’s: its melt stays pending', async () => {
  expect(await patience(context).waitFor(Promise.reject(new Error('the node is away')))).toBeUndefined();
  patience(context).leave(Promise.reject(new Error('the node is away')));
});
