import { fromHex, toHex } from '@assay/shared/kernel/bytes';
import { keysetIdV1 } from '@assay/shared/kernel/cashu-curve';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { deriveKeyset, type KeysetTerms, parseUnit, signatoryPublicKey, type Unit } from './keyset.ts';
import { denominations } from './unit.ts';

const hex = z.string().transform(fromHex);
const { A3 } = z
  .object({
    A3: z.object({
      master: hex,
      keys: z.record(z.string(), z.string()),
      idV1: z.string(),
      idV2: z.string(),
      withFeeAndExpiry: z.object({ inputFeePpk: z.int(), finalExpiry: z.int(), idV2: z.string() }),
    }),
  })
  .parse(JSON.parse(readFileSync(new URL('../../../../vectors/nut/acceptance-a1-a4.json', import.meta.url), 'utf8')));

const terms: KeysetTerms = { index: 0, amounts: [1n, 2n, 4n, 8n], inputFeePpk: 0n, finalExpiry: undefined };

function unit(name: string): Unit {
  const parsed = parseUnit(name);
  if (!parsed.ok) throw new Error(`not a unit: ${name}`);
  return parsed.value;
}

describe('a keyset', () => {
  test('is that of acceptance example A3', () => {
    const keyset = deriveKeyset(A3.master, unit('hash'), terms);
    const publicKeys = [...keyset.keys].map(([amount, key]) => [String(amount), toHex(key.publicKey)] as const);
    expect(Object.fromEntries(publicKeys)).toEqual(A3.keys);
    expect(keyset.id).toBe(A3.idV2);
    expect(keysetIdV1(new Map([...keyset.keys].map(([amount, key]) => [amount, key.publicKey] as const)))).toBe(
      A3.idV1,
    );
  });

  test('has another id with another fee and expiry, on the same keys', () => {
    const { inputFeePpk, finalExpiry, idV2 } = A3.withFeeAndExpiry;
    const changed = { ...terms, inputFeePpk: BigInt(inputFeePpk), finalExpiry: BigInt(finalExpiry) };
    const keyset = deriveKeyset(A3.master, unit('hash'), changed);
    expect(keyset.id).toBe(idV2);
    expect(keyset.keys).toEqual(deriveKeyset(A3.master, unit('hash'), terms).keys);
  });

  test('shares no key with another unit, number, amount or master secret', () => {
    const otherMaster = A3.master.map((byte) => byte ^ 1);
    const keysets = [
      deriveKeyset(A3.master, unit('hash'), terms),
      deriveKeyset(A3.master, unit('sat'), terms),
      deriveKeyset(A3.master, unit('hash'), { ...terms, index: 1 }),
      deriveKeyset(otherMaster, unit('hash'), terms),
    ];
    const keys = keysets.flatMap((keyset) => [...keyset.keys.values()].map(({ secretKey }) => toHex(secretKey)));
    expect(new Set(keys).size).toBe(keysets.length * terms.amounts.length);
  });

  test('is the same every time, for any terms', () => {
    const anyTerms = fc.record({
      index: fc.nat(0xffff_ffff),
      amounts: fc.uniqueArray(fc.constantFrom(...denominations(52)), { minLength: 1, maxLength: 4 }),
      inputFeePpk: fc.bigInt(0n, 1000n),
      finalExpiry: fc.option(fc.bigInt(1n, 2n ** 40n), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 64 }), anyTerms, (master, given) => {
        expect(deriveKeyset(master, unit('hash'), given)).toEqual(deriveKeyset(master, unit('hash'), given));
      }),
      { numRuns: 30 },
    );
  });
});

describe('a unit', () => {
  test('has one name whatever the case', () => {
    expect(parseUnit('HASH')).toEqual(parseUnit('hash'));
  });

  test.each(['', ' hash', 'hash/1', 'ä', 'x'.repeat(33)])('is not called %j', (name) => {
    expect(parseUnit(name)).toEqual({ ok: false, error: 'bad-unit' });
  });
});

test('the signatory has a public key of its own, which is no key of a keyset', () => {
  const own = toHex(signatoryPublicKey(A3.master));
  expect(own).toMatch(/^0[23][0-9a-f]{64}$/);
  expect(Object.values(A3.keys)).not.toContain(own);
});
