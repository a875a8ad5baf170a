import { readFileSync } from 'node:fs';
import { schnorr } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { concat, fromHex, toHex } from './bytes.ts';
import { isPublicKey, schnorrSign, schnorrVerify, xOnlyPublicKeyOf } from './schnorr.ts';

const { vectors } = z
  .object({
    vectors: z.array(
      z.object({
        index: z.number(),
        secret: z.string().optional(),
        auxiliary: z.string().optional(),
        publicKey: z.string(),
        message: z.string(),
        signature: z.string(),
        valid: z.boolean(),
        comment: z.string(),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('../../../../vectors/bip/bip-340.json', import.meta.url), 'utf8')));

const ORDER = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';
const FIELD = 'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f';
const less = (hex: string) => (BigInt(`0x${hex}`) - 1n).toString(16);

const secrets = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .filter((bytes) => bytes.some((byte) => byte > 0) && bytes[0] !== 0xff);
const words = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('BIP-340', () => {
  test.each(vectors)('vector $index verifies as published: $valid $comment', (vector) => {
    const verified = schnorrVerify(fromHex(vector.signature), fromHex(vector.message), fromHex(vector.publicKey));
    expect(verified).toBe(vector.valid);
  });

  test.each(vectors.filter((vector) => vector.secret !== undefined))('vector $index signs as published', (vector) => {
    const secret = fromHex(vector.secret ?? '');
    expect(toHex(xOnlyPublicKeyOf(secret))).toBe(vector.publicKey);
    expect(toHex(schnorrSign(fromHex(vector.message), secret, fromHex(vector.auxiliary ?? '')))).toBe(vector.signature);
  });

  test('signatures are those of an independent implementation, for any key, message and randomness', () => {
    fc.assert(
      fc.property(secrets, words, words, (secret, message, auxiliary) => {
        const signature = schnorrSign(message, secret, auxiliary);
        expect(toHex(signature)).toBe(toHex(schnorr.sign(message, secret, auxiliary)));
        expect(schnorrVerify(signature, message, xOnlyPublicKeyOf(secret))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('a signature with any flipped bit is refused', () => {
    fc.assert(
      fc.property(secrets, words, fc.nat(511), (secret, message, bit) => {
        const signature = schnorrSign(message, secret);
        signature[bit >> 3] = (signature[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(schnorrVerify(signature, message, xOnlyPublicKeyOf(secret))).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  const edges = fc.constantFrom(
    ...['00'.repeat(32), `${'00'.repeat(31)}01`, ORDER, less(ORDER), FIELD, less(FIELD), 'ff'.repeat(32)],
  );
  const anyWord = fc.oneof({ weight: 3, arbitrary: words }, edges.map(fromHex));

  test('whatever is no signature is refused as an independent implementation refuses it, also at the edges', () => {
    fc.assert(
      fc.property(secrets, anyWord, anyWord, anyWord, fc.option(anyWord), (secret, message, r, s, key) => {
        const publicKey = key ?? xOnlyPublicKeyOf(secret);
        const signed = schnorrSign(message, secret);
        for (const signature of [
          concat(r, s),
          concat(signed.subarray(0, 32), s),
          concat(r, signed.subarray(32)),
          signed,
        ])
          expect(schnorrVerify(signature, message, publicKey)).toBe(schnorr.verify(signature, message, publicKey));
      }),
      { numRuns: 150 },
    );
  });

  test('only canonical compressed points are public keys', () => {
    expect(isPublicKey(fromHex('02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9'))).toBe(true);
    expect(isPublicKey(fromHex('05f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9'))).toBe(false);
    expect(isPublicKey(fromHex(`02${'00'.repeat(31)}05`))).toBe(false);
    expect(isPublicKey(fromHex(`02${'ff'.repeat(32)}`))).toBe(false);
    expect(isPublicKey(new Uint8Array(33))).toBe(false);
    expect(isPublicKey(new Uint8Array(0))).toBe(false);
  });
});
