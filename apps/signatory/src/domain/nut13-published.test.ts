import { bigintFromBytes, fromHex, utf8 } from '@assay/shared/kernel/bytes';
import { hashToCurve } from '@assay/shared/kernel/cashu-curve';
import { sha256 as hash } from '@assay/shared/kernel/hash';
import { secp256k1 as noble } from '@noble/curves/secp256k1.js';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { signBlinded, verifiesProof } from './blind-signature.ts';

// Wallets derive secrets and blinding factors; a signatory can show that what it signs for them unblinds, and that it
// signs the same again when a wallet comes back with nothing but its seed.

interface Derived {
  readonly keysetId: string;
  readonly outputs: readonly { readonly secret: string; readonly r: string }[];
}

const path = new URL('../../../../vectors/nut/nut-13.json', import.meta.url);
const { version1, version2 } = JSON.parse(readFileSync(path, 'utf8')) as Record<'version1' | 'version2', Derived>;

const k = hash(utf8('a key of the tests'));
const K = noble.Point.BASE.multiply(bigintFromBytes(k));
const publicKey = K.toBytes(false);

describe('the published outputs of NUT-13', () => {
  it.each([...version1.outputs, ...version2.outputs])('$secret is signed, unblinded and verified', ({ secret, r }) => {
    const factor = bigintFromBytes(fromHex(r));
    const y = noble.Point.fromBytes(hashToCurve(utf8(secret)));
    const blindedMessage = y.add(noble.Point.BASE.multiply(factor)).toBytes();
    const signed = signBlinded({ secretKey: k, publicKey, blindedMessage });
    expect(signBlinded({ secretKey: k, publicKey, blindedMessage })).toEqual(signed);
    const signature = noble.Point.fromBytes(signed.blindSignature).subtract(K.multiply(factor));
    expect(signature.equals(y.multiply(bigintFromBytes(k)))).toBe(true);
    expect(verifiesProof({ secretKey: k, secret: utf8(secret), signature: signature.toBytes() })).toBe(true);
  });
});
