import { concat, toHex, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import fc from 'fast-check';
import { pbkdf2Sync } from 'node:crypto';
import { expect, test } from 'vitest';
import { weaknessOf } from './master-secret.ts';

const random = sha256(utf8('some randomness'));

function seedOf(phrase: string, passphrase: string): Uint8Array {
  return pbkdf2Sync(phrase, `mnemonic${passphrase}`, 2048, 64, 'sha512');
}

test('32 random bytes are a secret', () => {
  fc.assert(
    fc.property(
      fc.infiniteStream(fc.nat()).map(([seed]) => seed),
      (seed) => weaknessOf(sha256(utf8(`${seed}`))) === undefined,
    ),
  );
});

test('the BIP-39 seed of a published phrase is refused, with and without the passphrase of the vectors', () => {
  const phrases = [
    'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about',
    'legal winner thank year wave sausage worth useful legal winner thank yellow',
    'letter advice cage absurd amount doctor acoustic avoid letter advice cage above',
    'zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong',
    'half depart obvious quality work element tank gorilla view sugar picture humble',
    'test test test test test test test test test test test junk',
  ];
  for (const phrase of phrases) {
    expect(weaknessOf(seedOf(phrase, ''))).toBe('a published test secret');
    expect(weaknessOf(seedOf(phrase, 'TREZOR'))).toBe('a published test secret');
  }
});

test.each([
  ['31 bytes', random.subarray(1), 'shorter than 32 bytes'],
  [
    'the first half of a published seed',
    seedOf('test test test test test test test test test test test junk', '').subarray(0, 32),
    'a published test secret',
  ],
  ['the hash of a published phrase', sha256(utf8('TEST_PRIVATE_KEY')), 'a published test secret'],
  ['a phrase itself', utf8('correct horse battery staple, forty letters'), 'text, not random bytes'],
  ['zeros', new Uint8Array(32), 'a pattern, not random bytes'],
  ['one byte again and again', new Uint8Array(64).fill(0x7f), 'a pattern, not random bytes'],
  ['a small number', concat(new Uint8Array(30), Uint8Array.of(1, 2)), 'a pattern, not random bytes'],
  ['the bytes 00 to 3f of the examples', Uint8Array.from({ length: 64 }, (_, at) => at), 'a pattern, not random bytes'],
  ['counting down', Uint8Array.from({ length: 32 }, (_, at) => 255 - at), 'a pattern, not random bytes'],
  ['twice the same 32 bytes', concat(random, random), 'a pattern, not random bytes'],
] as const)('%s are refused', (_, master, weakness) => {
  expect(weaknessOf(master)).toBe(weakness);
});

test('what is said about a weak secret does not hold it', () => {
  const master = utf8('this is my secret passphrase, please');
  expect(weaknessOf(master)).not.toContain(toHex(master).slice(0, 8));
});
