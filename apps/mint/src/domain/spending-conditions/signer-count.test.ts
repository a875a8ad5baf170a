import { sha256 } from '@assay/shared/kernel/hash';
import { fromHex, utf8 } from '@assay/shared/kernel/bytes';
import { schnorrSign } from '@assay/shared/kernel/schnorr';
import { describe, expect, it } from 'vitest';
import { type Signer, signer } from '../../../test/locked-secrets.ts';
import type { Multisig } from './conditions.ts';
import { signerCount } from './signer-count.ts';

const MESSAGE = sha256(utf8('message'));
const SIGNERS = Array.from({ length: 11 }, (_, index) => signer(`signer ${index}`));
const FIRST = signer('signer 0');
const WRONG = new Uint8Array(64).fill(1);

const by = (signers: readonly Signer[], message = MESSAGE) =>
  signers.map(({ secretKey }) => schnorrSign(message, secretKey));
const of = (signers: readonly Signer[], needed: number): Multisig => ({
  keys: signers.map(({ key }) => fromHex(key).subarray(1)),
  needed: BigInt(needed),
});

describe('the count of signers', () => {
  it('is of different keys, in any order of the signatures, and no further than needed', () => {
    const reversed = by([...SIGNERS].reverse());
    expect(signerCount(1)(MESSAGE, reversed, of(SIGNERS, 11))).toBe(11n);
    expect(signerCount(1)(MESSAGE, reversed, of(SIGNERS, 3))).toBe(3n);
    expect(signerCount(1)(MESSAGE, by([FIRST, FIRST, FIRST]), of(SIGNERS, 2))).toBe(1n);
    expect(signerCount(1)(MESSAGE, [], of(SIGNERS, 2))).toBe(0n);
  });

  it('tries first what matched before, so that many proofs signed alike cost no misses', () => {
    // Reversed signatures of eleven miss 10 + 9 + … + 1 = 55 times, and 66 misses are the most with one witness.
    const count = signerCount(1);
    for (let input = 0; input < 20; input += 1) {
      const message = sha256(utf8(`input ${input}`));
      expect(count(message, by([...SIGNERS].reverse(), message), of(SIGNERS, 11))).toBe(11n);
    }
  });

  it('takes 64 wrong signatures in a request and 2 for each of its witnesses, and no more', () => {
    const afterUseless = (witnesses: number, misses: number) => {
      const count = signerCount(witnesses);
      for (let miss = 0; miss < misses; miss += 1) count(MESSAGE, [WRONG], of([FIRST], 1));
      return count(MESSAGE, by([FIRST]), of([FIRST], 1));
    };
    expect([65, 66].map((misses) => afterUseless(1, misses))).toEqual([1n, 0n]);
    expect([263, 264].map((misses) => afterUseless(100, misses))).toEqual([1n, 0n]);
  });

  it('ends among useless signatures, also when right ones follow', () => {
    const useless = Array.from({ length: 60 }, () => WRONG);
    expect(signerCount(1)(MESSAGE, [...useless, ...by([FIRST])], of([FIRST], 1))).toBe(1n);
    expect(signerCount(1)(MESSAGE, [...useless, ...by([FIRST])], of(SIGNERS, 1))).toBe(0n);
  });
});
