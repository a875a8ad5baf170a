import { expect, test } from 'vitest';
import { quoteRequestOf } from './quote-reference.ts';

test.each([
  ['ehash:pool-1/b-0001', { $case: 'batch', value: { poolId: 'pool-1', batchId: 'b-0001' } }],
  ['pool-1/b-0001', { $case: 'batch', value: { poolId: 'pool-1', batchId: 'b-0001' } }],
  ['reward:2026/11:alice', { $case: 'reference', value: { method: 'reward', reference: '2026/11:alice' } }],
  ['escrow:c-7', { $case: 'reference', value: { method: 'escrow', reference: 'c-7' } }],
  ['bolt11:0198f1c0-7e8a', { $case: 'quoteId', value: '0198f1c0-7e8a' }],
  ['0198f1c0-7e8a-7c3d-8e9f-1a2b3c4d5e6f', { $case: 'quoteId', value: '0198f1c0-7e8a-7c3d-8e9f-1a2b3c4d5e6f' }],
])('%s names a quote', (text, by) => {
  expect(quoteRequestOf(text)).toEqual({ by });
});
