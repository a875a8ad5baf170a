import { bigintFromBytes, bigintToBytes, type Bytes, concat, fromHex, toHex, utf8 } from '@assay/shared/kernel/bytes';
import { hashToCurve, verifyDleq } from '@assay/shared/kernel/cashu-curve';
import { sha256 } from '@assay/shared/kernel/hash';
import { secp256k1 as noble } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { signBlinded, verifiesProof } from './blind-signature.ts';
import { deriveKeyset, parseUnit } from './keyset.ts';

const vectorsOf = <T>(file: string, schema: z.ZodType<T>) =>
  schema.parse(JSON.parse(readFileSync(new URL(`../../../../vectors/nut/${file}`, import.meta.url), 'utf8')));

const hex = z.string().transform(fromHex);
const acceptance = vectorsOf(
  'acceptance-a1-a4.json',
  z.object({
    A2: z.array(z.object({ k: hex, B_: hex, C_: z.string(), e: z.string().optional(), s: z.string().optional() })),
    A3: z.object({ master: hex }),
    A4: z.object({
      secret: z.string(),
      r: hex,
      amount: z.string(),
      Y: z.string(),
      B_: z.string(),
      C_: z.string(),
      e: z.string(),
      s: z.string(),
      C: z.string(),
    }),
  }),
);
const nut00 = vectorsOf(
  'nut-00.json',
  z.object({
    blindedMessages: z.array(z.object({ x: hex, r: hex, B_: z.string() })),
    blindSignatures: z.array(z.object({ k: hex, B_: hex, C_: z.string() })),
  }),
);
const nut12 = vectorsOf(
  'nut-12.json',
  z.object({ deterministicNonce: z.object({ a: hex, B_: hex, C_: z.string(), e: z.string(), s: z.string() }) }),
);

const { BASE, Fn } = noble.Point;
const keyOf = (secretKey: Bytes) => ({ secretKey, publicKey: noble.getPublicKey(secretKey, false) });
const blind = (secret: Bytes, r: Bytes) =>
  noble.Point.fromBytes(hashToCurve(secret))
    .add(BASE.multiply(bigintFromBytes(r)))
    .toBytes();
const unblind = (signature: Bytes, r: Bytes, secretKey: Bytes) =>
  noble.Point.fromBytes(signature)
    .subtract(BASE.multiply((bigintFromBytes(secretKey) * bigintFromBytes(r)) % Fn.ORDER))
    .toBytes();
const scalars = fc.bigInt({ min: 1n, max: Fn.ORDER - 1n }).map((value) => bigintToBytes(value, 32));

describe('a blind signature', () => {
  test('is k·B_ as NUT-00 and acceptance example A2 say', () => {
    for (const { k, B_, C_ } of [...nut00.blindSignatures, ...acceptance.A2]) {
      expect(toHex(signBlinded({ ...keyOf(k), blindedMessage: B_ }).blindSignature)).toBe(C_);
    }
  });

  test('carries the DLEQ proof of acceptance example A2', () => {
    const proven = acceptance.A2.filter(({ e }) => e !== undefined);
    expect(proven).toHaveLength(1);
    for (const { k, B_, e, s } of proven) {
      const signature = signBlinded({ ...keyOf(k), blindedMessage: B_ });
      expect([toHex(signature.e), toHex(signature.s)]).toEqual([e, s]);
    }
  });

  test('carries the deterministic DLEQ proof of NUT-12', () => {
    const { a, B_, C_, e, s } = nut12.deterministicNonce;
    const signature = signBlinded({ ...keyOf(a), blindedMessage: B_ });
    expect(toHex(signature.blindSignature)).toBe(C_);
    expect([toHex(signature.e), toHex(signature.s)]).toEqual([e, s]);
  });

  test('is that of acceptance example A4, from the secret to the unblinded proof', () => {
    const { secret, r, amount, Y, B_, C_, e, s, C } = acceptance.A4;
    const unit = parseUnit('hash');
    if (!unit.ok) throw new Error('hash is a unit');
    const terms = { index: 0, amounts: [1n, 2n, 4n, 8n], inputFeePpk: 0n, finalExpiry: undefined };
    const pair = deriveKeyset(acceptance.A3.master, unit.value, terms).keys.get(BigInt(amount));
    if (pair === undefined) throw new Error('8 is a denomination');
    const blindedMessage = blind(utf8(secret), r);
    const signature = signBlinded({ ...pair, publicKey: pair.publicKeyUncompressed, blindedMessage });
    const unblinded = unblind(signature.blindSignature, r, pair.secretKey);
    expect(toHex(hashToCurve(utf8(secret)))).toBe(Y);
    expect(toHex(blindedMessage)).toBe(B_);
    expect(toHex(signature.blindSignature)).toBe(C_);
    expect([toHex(signature.e), toHex(signature.s)]).toEqual([e, s]);
    expect(toHex(unblinded)).toBe(C);
    expect(verifiesProof({ secretKey: pair.secretKey, secret: utf8(secret), signature: unblinded })).toBe(true);
  });

  test('answers the blinded messages of NUT-00', () => {
    for (const { x, r, B_ } of nut00.blindedMessages) expect(toHex(blind(x, r))).toBe(B_);
  });

  test('is the same bytes every time, and proves itself to its receiver', () => {
    fc.assert(
      fc.property(scalars, scalars, (secretKey, blinded) => {
        const key = keyOf(secretKey);
        const blindedMessage = noble.getPublicKey(blinded, true);
        const first = signBlinded({ ...key, blindedMessage });
        expect(signBlinded({ ...key, blindedMessage })).toEqual(first);
        const publicKey = noble.getPublicKey(secretKey, true);
        return verifyDleq({ publicKey, blindedMessage, blindSignature: first.blindSignature }, first);
      }),
      { numRuns: 40 },
    );
  });

  test('is what a curve in JavaScript makes of the same bytes', () => {
    fc.assert(
      fc.property(scalars, scalars, (secretKey, blinded) => {
        const key = keyOf(secretKey);
        const blindedMessage = noble.getPublicKey(blinded, true);
        return toHex(joined(signBlinded({ ...key, blindedMessage }))) === toHex(oracle(secretKey, blindedMessage));
      }),
      { numRuns: 20 },
    );
  });
});

describe('a proof', () => {
  test('verifies with its own key and secret only', () => {
    fc.assert(
      fc.property(scalars, scalars, scalars, fc.uint8Array({ maxLength: 64 }), (key, other, r, secret) => {
        fc.pre(toHex(key) !== toHex(other));
        const signed = signBlinded({ ...keyOf(key), blindedMessage: blind(secret, r) });
        const signature = unblind(signed.blindSignature, r, key);
        expect(verifiesProof({ secretKey: key, secret, signature })).toBe(true);
        expect(verifiesProof({ secretKey: other, secret, signature })).toBe(false);
        expect(verifiesProof({ secretKey: key, secret: concat(secret, utf8('x')), signature })).toBe(false);
      }),
      { numRuns: 20 },
    );
  });
});

function joined({ blindSignature, e, s }: { blindSignature: Bytes; e: Bytes; s: Bytes }): Bytes {
  return concat(blindSignature, e, s);
}

/** Section 5 written a second time, on bigints and with node's own HMAC. */
function oracle(secretKey: Bytes, blindedMessage: Bytes): Bytes {
  const k = bigintFromBytes(secretKey);
  const blinded = noble.Point.fromBytes(blindedMessage);
  const publicKey = BASE.multiply(k);
  const signature = blinded.multiply(k);
  const transcript = [publicKey, blinded, signature].map((point) => point.toBytes(false));
  const r = nonceOf(secretKey, concat(...transcript));
  const points = [BASE.multiply(r), blinded.multiply(r), publicKey, signature];
  const e = sha256(utf8(points.map((point) => toHex(point.toBytes(false))).join('')));
  return concat(signature.toBytes(), e, bigintToBytes(Fn.create(r + bigintFromBytes(e) * k), 32));
}

function nonceOf(secretKey: Bytes, transcript: Bytes): bigint {
  for (let counter = 0; ; counter += 1) {
    const mac = createHmac('sha256', secretKey)
      .update('Cashu_DLEQ_R_v1')
      .update(transcript)
      .update(Uint8Array.of(counter));
    const r = bigintFromBytes(mac.digest());
    if (r > 0n && r < Fn.ORDER) return r;
  }
}
