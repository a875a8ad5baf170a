import { sha256 } from '@assay/shared/kernel/hash';
import { fromHex, utf8 } from '@assay/shared/kernel/bytes';
import { schnorrSign } from '@assay/shared/kernel/schnorr';
import { describe, expect, it } from 'vitest';
import { type Signer, signer } from '../../../test/locked-secrets.ts';
import type { Multisig } from './conditions.ts';
import { signerCount } from './signer-count.ts';

const MESSAGE = sha256(utf8('message'));
const SIGNERS = Array.from({ length: 10 }, (_, index) => signer(`signer ${index}`));
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
    expect(signerCount()(MESSAGE, reversed, of(SIGNERS, 10))).toBe(10n);
    expect(signerCount()(MESSAGE, reversed, of(SIGNERS, 3))).toBe(3n);
    const [first] = SIGNERS;
    const often = first === undefined ? [] : by([first, first, first]);
    expect(signerCount()(MESSAGE, often, of(SIGNERS, 2))).toBe(1n);
    expect(signerCount()(MESSAGE, [], of(SIGNERS, 2))).toBe(0n);
  });

  it('tries first what matched before, so that many proofs signed alike cost no misses', () => {
    const count = signerCount(46);
    const last = of(SIGNERS, 10);
    // Reversed signatures miss 9 + 8 + … + 1 = 45 times, and the next miss ends the count.
    for (let input = 0; input < 20; input += 1) {
      const message = sha256(utf8(`input ${input}`));
      expect(count(message, by([...SIGNERS].reverse(), message), last)).toBe(10n);
    }
    expect(count(MESSAGE, [WRONG, ...by(SIGNERS)], of(SIGNERS.slice(1), 9))).toBeLessThan(9n);
  });

  it('ends after too many wrong signatures, also when right ones follow', () => {
    const useless = Array.from({ length: 60 }, () => WRONG);
    const count = signerCount(1_000);
    expect(count(MESSAGE, [...useless, ...by(SIGNERS)], of(SIGNERS, 1))).toBe(1n);
    for (let input = 0; input < 10; input += 1) count(sha256(utf8(`${input}`)), useless, of(SIGNERS, 1));
    expect(count(MESSAGE, [WRONG, ...by(SIGNERS)], of(SIGNERS, 1))).toBe(0n);
  });

  it('takes 1,024 wrong signatures of one request, and no more', () => {
    const [first] = SIGNERS;
    const right = first === undefined ? [] : by([first]);
    const useless = Array.from({ length: 62 }, () => WRONG);
    const afterUseless = (inputs: number) => {
      const count = signerCount();
      for (let input = 0; input < inputs; input += 1) count(MESSAGE, useless, of(SIGNERS.slice(0, 1), 1));
      return count(MESSAGE, right, of(SIGNERS, 1));
    };
    expect([16, 17].map(afterUseless)).toEqual([1n, 0n]);
  });
});
