import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, fromHex, toHex, utf8 } from '@assay/shared/kernel/bytes';
import { coinbaseParts } from './coinbase.ts';
import { readOwnCoinbase } from './read-coinbase.ts';

const PAYOUTS = [
  { script: fromHex('0014482a532f430ddf94cbb1512d0fa53056bc75524f'), ppm: 990_000 },
  { script: fromHex('51'), ppm: 10_000 },
];
const TAG = utf8('/assay/');
const OWN = { payouts: PAYOUTS, tag: TAG };
const EXTRANONCE = fromHex('004000010000000000000001');
const FIELDS = { height: 840_001, value: 312_512_345n, payouts: PAYOUTS, tag: TAG, witnessCommitment: fromHex('6a24') };

function coinbase(fields: Partial<typeof FIELDS> = {}): Uint8Array {
  const { prefix, suffix } = coinbaseParts({ ...FIELDS, ...fields });
  return concat(prefix, EXTRANONCE, suffix);
}

describe('a coinbase of the chain', () => {
  it('of this pool gives back its extranonce and what it pays', () => {
    const own = readOwnCoinbase(coinbase(), 840_001, OWN);
    expect(own?.reward).toBe(312_512_345n);
    expect(toHex(own?.extranonce ?? new Uint8Array())).toBe(toHex(EXTRANONCE));
  });

  it('is read with marker and flag too', () => {
    const plain = coinbase();
    const marked = concat(plain.subarray(0, 4), Uint8Array.of(0, 1), plain.subarray(4));
    expect(readOwnCoinbase(marked, 840_001, OWN)?.reward).toBe(312_512_345n);
  });

  it('of another pool, with another tag or at another height, is none of ours', () => {
    const foreign = [{ script: fromHex('52'), ppm: 1_000_000 }];
    expect(readOwnCoinbase(coinbase({ payouts: foreign }), 840_001, OWN)).toBeUndefined();
    expect(readOwnCoinbase(coinbase({ tag: utf8('/other/') }), 840_001, OWN)).toBeUndefined();
    expect(readOwnCoinbase(coinbase(), 840_002, OWN)).toBeUndefined();
  });

  it('may be any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => readOwnCoinbase(bytes, 840_001, OWN) === undefined),
    );
  });

  it('may be cut anywhere', () => {
    const whole = coinbase();
    for (let length = 0; length < whole.length - 4; length += 1) {
      expect(readOwnCoinbase(whole.subarray(0, length), 840_001, OWN)).toBeUndefined();
    }
  });
});
