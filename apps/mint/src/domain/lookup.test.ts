import { unixMs } from '@assay/shared/kernel/clock';
import type { LockingKey } from '@assay/shared/kernel/ids';
import { describe, expect, it } from 'vitest';
import { signLookup, WALLET_KEY } from '../../test/wallet-secrets.ts';
import { refuseLookup } from './lookup.ts';

const MINT = { pubkey: `03${'ab'.repeat(32)}`, takesLegacy: true, now: unixMs(1_795_227_413_500) };
const KEY = WALLET_KEY as LockingKey;
const NOW_S = 1_795_227_413n;

function proof(timestampS: bigint | undefined, signedS = timestampS) {
  return { pubkeys: [KEY], signatures: [signLookup(MINT.pubkey, signedS)], timestampS };
}

describe('the proof of a lookup by public key', () => {
  it('is taken with a timestamp near now, and without one', () => {
    expect(refuseLookup(proof(NOW_S), MINT)).toBeUndefined();
    expect(refuseLookup(proof(undefined), MINT)).toBeUndefined();
  });

  it.each([
    [-300n, undefined],
    [300n, undefined],
    [-301n, 'quote-signature'],
    [301n, 'quote-signature'],
  ])('with a timestamp %i s from now answers %s', (distance, code) => {
    expect(refuseLookup(proof(NOW_S + distance), MINT)?.code).toBe(code);
  });

  it('without a timestamp is refused where the configuration says so', () => {
    expect(refuseLookup(proof(undefined), { ...MINT, takesLegacy: false })?.code).toBe('quote-signature');
  });

  it('covers the timestamp, the mint and every key', () => {
    expect(refuseLookup(proof(NOW_S, NOW_S + 1n), MINT)?.code).toBe('quote-signature');
    expect(refuseLookup({ ...proof(undefined), timestampS: NOW_S }, MINT)?.code).toBe('quote-signature');
    expect(refuseLookup(proof(NOW_S), { ...MINT, pubkey: KEY })?.code).toBe('quote-signature');
    const { pubkeys, signatures, timestampS } = proof(NOW_S);
    const other = `02${'11'.repeat(32)}` as LockingKey;
    const two = { pubkeys: [...pubkeys, other], signatures: [...signatures, ...signatures], timestampS };
    expect(refuseLookup(two, MINT)?.code).toBe('quote-signature');
    expect(refuseLookup({ ...two, signatures }, MINT)?.code).toBe('quote-signature');
  });
});
