import { secp256k1 as noble } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { bigintFromBytes, type Bytes, concat, fromHex, toHex, u32le, utf8 } from './bytes.ts';
import {
  assertNativeCurve,
  dleqChallenge,
  hashToCurve,
  isKeysetIdOf,
  keysetIdV1,
  keysetIdV2,
  verifyDleq,
} from './cashu-curve.ts';
import { sha256 } from './hash.ts';

const vectorsOf = <T>(file: string, schema: z.ZodType<T>) =>
  schema.parse(JSON.parse(readFileSync(new URL(`../../../../vectors/nut/${file}`, import.meta.url), 'utf8')));

const hex = z.string().transform(fromHex);
const keysSchema = z
  .record(z.string(), hex)
  .transform((keys) => new Map(Object.entries(keys).map(([a, k]) => [BigInt(a), k] as const)));
const nut00 = vectorsOf(
  'nut-00.json',
  z.object({ hashToCurve: z.array(z.object({ message: hex, point: z.string() })) }),
);
const nut02 = vectorsOf(
  'nut-02.json',
  z.object({
    version1: z.array(z.object({ id: z.string(), keys: keysSchema })),
    version2: z.array(
      z.object({
        id: z.string(),
        unit: z.string(),
        inputFeePpk: z.int(),
        finalExpiry: z.int().nullable(),
        keys: keysSchema,
      }),
    ),
  }),
);
const dleqSchema = z.object({ A: hex, B_: hex, C_: hex, e: hex, s: hex });
const nut12 = vectorsOf(
  'nut-12.json',
  z.object({
    challenge: z.object({ R1: hex, R2: hex, K: hex, C_: hex, e: z.string() }),
    deterministicNonce: dleqSchema,
    blindSignature: dleqSchema,
    proof: z.object({ A: hex, secret: z.string(), C: hex, e: hex, s: hex, r: hex }),
  }),
);
const acceptance = vectorsOf(
  'acceptance-a1-a4.json',
  z.object({
    A1: z.array(z.object({ secret: hex, point: z.string() })),
    A3: z.object({
      keys: keysSchema,
      idV1: z.string(),
      idV2: z.string(),
      withFeeAndExpiry: z.object({ inputFeePpk: z.int(), finalExpiry: z.int(), idV2: z.string() }),
    }),
  }),
);

const point = (bytes: Bytes) => noble.Point.fromBytes(bytes);
const wide = (bytes: Bytes) => point(bytes).toBytes(false);

test('the native curve is loaded on this machine', () => {
  expect(assertNativeCurve).not.toThrow();
});

describe('a secret becomes a point', () => {
  test('as NUT-00 says', () => {
    for (const { message, point: expected } of nut00.hashToCurve) expect(toHex(hashToCurve(message))).toBe(expected);
  });

  test('as acceptance example A1 says', () => {
    for (const { secret, point: expected } of acceptance.A1) expect(toHex(hashToCurve(secret))).toBe(expected);
  });

  test('the same as by a curve in JavaScript', () => {
    const separator = utf8('Secp256k1_HashToCurve_Cashu_');
    const oracle = (secret: Bytes) => {
      const seed = sha256(separator, secret);
      for (let counter = 0; ; counter += 1) {
        const candidate = concat(Uint8Array.of(2), sha256(seed, u32le(counter)));
        if (noble.utils.isValidPublicKey(candidate, true)) return candidate;
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (s) => toHex(hashToCurve(s)) === toHex(oracle(s))));
  });
});

describe('a keyset id', () => {
  test('of version 1 is that of NUT-02', () => {
    for (const { id, keys } of nut02.version1) expect(keysetIdV1(keys)).toBe(id);
  });

  test('of version 2 is that of NUT-02', () => {
    for (const { id, keys, unit, inputFeePpk, finalExpiry } of nut02.version2) {
      const expiry = finalExpiry === null ? undefined : BigInt(finalExpiry);
      expect(keysetIdV2({ keys, unit, inputFeePpk: BigInt(inputFeePpk), finalExpiry: expiry })).toBe(id);
    }
  });

  test('is that of acceptance example A3', () => {
    const { keys, idV1, idV2, withFeeAndExpiry } = acceptance.A3;
    const { inputFeePpk, finalExpiry } = withFeeAndExpiry;
    const terms = { inputFeePpk: BigInt(inputFeePpk), finalExpiry: BigInt(finalExpiry) };
    expect(keysetIdV1(keys)).toBe(idV1);
    expect(keysetIdV2({ keys, unit: 'hash', inputFeePpk: 0n, finalExpiry: undefined })).toBe(idV2);
    expect(keysetIdV2({ keys, unit: 'hash', ...terms })).toBe(withFeeAndExpiry.idV2);
  });

  test('does not depend on the order of the keys, on the case of the unit, nor on an expiry written as 0', () => {
    const { keys, idV2 } = acceptance.A3;
    const backwards = new Map([...keys].reverse());
    expect(keysetIdV2({ keys: backwards, unit: 'HASH', inputFeePpk: 0n, finalExpiry: 0n })).toBe(idV2);
    expect(keysetIdV1(backwards)).toBe(acceptance.A3.idV1);
  });
});

describe('a keyset id and its content', () => {
  const { keys, idV1, idV2 } = acceptance.A3;
  const content = { keys, unit: 'hash', inputFeePpk: 0n, finalExpiry: undefined };

  test('belong together by the rule of the version', () => {
    expect([idV1, idV2].map((id) => isKeysetIdOf(id, content))).toEqual([true, true]);
    const fewer = { ...content, keys: new Map([...keys].slice(1)) };
    expect([idV1, idV2].map((id) => isKeysetIdOf(id, fewer))).toEqual([false, false]);
    // Version 1 says nothing about the fee.
    const dearer = { ...content, inputFeePpk: 1n };
    expect([idV1, idV2].map((id) => isKeysetIdOf(id, dearer))).toEqual([true, false]);
  });

  test('of another version, or cut, never do', () => {
    for (const id of [
      '',
      '0',
      `02${idV2.slice(2)}`,
      `02${idV1.slice(2)}`,
      idV1.slice(0, 14),
      idV2.slice(0, 16),
      'ff',
    ]) {
      expect(isKeysetIdOf(id, content)).toBe(false);
    }
  });
});

describe('a DLEQ proof', () => {
  test('has the challenge of NUT-12', () => {
    const { R1, R2, K, C_, e } = nut12.challenge;
    expect(toHex(dleqChallenge(wide(R1), wide(R2), wide(K), wide(C_)))).toBe(e);
  });

  test('of NUT-12 is accepted', () => {
    for (const { A, B_, C_, e, s } of [nut12.blindSignature, nut12.deterministicNonce]) {
      expect(verifyDleq({ publicKey: A, blindedMessage: B_, blindSignature: C_ }, { e, s })).toBe(true);
    }
  });

  test("of a wallet's proof is accepted once it is blinded again", () => {
    const { A, secret, C, e, s, r } = nut12.proof;
    const factor = bigintFromBytes(r);
    const blindSignature = point(C).add(point(A).multiply(factor)).toBytes();
    const blindedMessage = point(hashToCurve(utf8(secret)))
      .add(noble.Point.BASE.multiply(factor))
      .toBytes();
    expect(verifyDleq({ publicKey: A, blindedMessage, blindSignature }, { e, s })).toBe(true);
  });

  test('is refused when any bit of it or of its statement is changed', () => {
    const { A, B_, C_, e, s } = nut12.deterministicNonce;
    const parts = [A, B_, C_, e, s];
    fc.assert(
      fc.property(fc.nat(4), fc.nat(32), fc.nat(7), (part, byte, bit) => {
        const [publicKey, blindedMessage, blindSignature, e2, s2] = parts.map((bytes, at) => {
          const copy = Uint8Array.from(bytes);
          if (at === part) copy[byte % copy.length] = (copy[byte % copy.length] ?? 0) ^ (1 << bit);
          return copy;
        });
        if (!publicKey || !blindedMessage || !blindSignature || !e2 || !s2) return false;
        return !verifyDleq({ publicKey, blindedMessage, blindSignature }, { e: e2, s: s2 });
      }),
    );
  });

  test('is refused, not a fault, whatever the bytes are', () => {
    const bytes = fc.uint8Array({ maxLength: 66 });
    fc.assert(
      fc.property(bytes, bytes, bytes, bytes, bytes, (publicKey, blindedMessage, blindSignature, e, s) => {
        return !verifyDleq({ publicKey, blindedMessage, blindSignature }, { e, s });
      }),
    );
  });
});
