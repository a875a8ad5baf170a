import { QUOTE_AMOUNT_MAX } from '@assay/shared/kernel/money';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AcceptedBatch, type BatchRefusal, decideCreate } from './accepted-batch.ts';
import { AUDITOR_SECRET, aBatch, BATCH, POOLS, TERMS } from '../../test/signed-facts.ts';

describe('an accepted batch', () => {
  test('of a known pool with true hash and signature becomes the terms of a quote', () => {
    expect(decideCreate(BATCH, POOLS)).toEqual({ do: 'create', terms: TERMS });
  });

  test('may credit up to 2^53 − 1', () => {
    expect(decideCreate(aBatch({ creditSum: QUOTE_AMOUNT_MAX }), POOLS).do).toBe('create');
  });

  test('of less than one ehash becomes no quote: its work is in the carry', () => {
    expect(decideCreate(aBatch({ creditSum: 0n }), POOLS)).toEqual({ do: 'nothing' });
  });

  test('locked to a key off the curve is a quote all the same: the auditor judges the key', () => {
    expect(decideCreate(aBatch({ lockingKey: new Uint8Array(33).fill(7) }), POOLS).do).toBe('create');
  });

  const refused: [string, AcceptedBatch, BatchRefusal][] = [
    ['of a pool that is not configured', aBatch({ poolId: 'pool-2' }), 'POOL_UNKNOWN'],
    ['whose credit was changed after signing', { ...BATCH, creditSum: 29n }, 'BATCH_HASH'],
    ['whose id was changed after signing', { ...BATCH, batchId: 'b-0002' }, 'BATCH_HASH'],
    ['with a share more than was signed', { ...BATCH, shareCount: 4 }, 'BATCH_HASH'],
    ['signed by a stranger', aBatch({}, AUDITOR_SECRET), 'BATCH_SIGNATURE'],
    ['that credits more than 2^53 − 1', aBatch({ creditSum: QUOTE_AMOUNT_MAX + 1n }), 'CREDIT_OUT_OF_RANGE'],
    ['with a key of 32 bytes', aBatch({ lockingKey: new Uint8Array(32) }), 'BATCH_MALFORMED'],
    ['with a short signature', { ...BATCH, poolSignature: new Uint8Array(63) }, 'BATCH_MALFORMED'],
    ['with an id that is no id', aBatch({ batchId: 'b/0001' }), 'BATCH_MALFORMED'],
    ['with an empty shares root', aBatch({ sharesRoot: new Uint8Array(0) }), 'BATCH_MALFORMED'],
  ];
  test.each(refused)('%s is refused', (_, batch, code) => {
    expect(decideCreate(batch, POOLS)).toEqual({ do: 'refuse', code });
  });

  test('with any one bit of its hash or signature flipped is refused', () => {
    fc.assert(
      fc.property(fc.constantFrom('batchHash', 'poolSignature'), fc.nat(255), (field, bit) => {
        const flipped = Uint8Array.from(BATCH[field]);
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(decideCreate({ ...BATCH, [field]: flipped }, POOLS).do).toBe('refuse');
      }),
      { numRuns: 40 },
    );
  });
});
