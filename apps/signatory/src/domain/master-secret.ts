import { type Bytes, bytesEqual, fromHex, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';

const MASTER_SECRET_MIN_BYTES = 32;
/** 32 random bytes have about 30 different values; fewer than this happens once in 10^15 secrets. */
const MIN_DISTINCT_BYTES = 16;

/** Phrases that mints and wallets print in their documentation and tests. */
const PUBLISHED_PHRASES = [
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about',
  'legal winner thank year wave sausage worth useful legal winner thank yellow',
  'letter advice cage absurd amount doctor acoustic avoid letter advice cage above',
  'zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong',
  'half depart obvious quality work element tank gorilla view sugar picture humble',
  'test test test test test test test test test test test junk',
  'TEST_PRIVATE_KEY',
  'supersecretprivatekey',
] as const;

/** BIP-39 seeds (64 bytes) of the word lists above, without passphrase and with the `TREZOR` of the public vectors. */
const PUBLISHED_SEEDS: readonly string[] = [
  '5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc19a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4',
  'c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e53495531f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04',
  '878386efb78845b3355bd15ea4d39ef97d179cb712b77d5c12b6be415fffeffe5f377ba02bf3f8544ab800b955e51fbff09828f682052a20faa6addbbddfb096',
  '2e8905819b8723fe2c1d161860e5ee1830318dbf49a83bd451cfb8440c28bd6fa457fe1296106559a3c80937a1c1069be3a3a5bd381ee6260e8d9739fce1f607',
  '77d6be9708c8218738934f84bbbb78a2e048ca007746cb764f0673e4b1812d176bbb173e1a291f31cf633f1d0bad7d3cf071c30e98cd0688b5bcce65ecaceb36',
  'd71de856f81a8acc65e6fc851a38d4d7ec216fd0796d0a6827a3ad6ed5511a30fa280f12eb2e47ed2ac03b5c462a0358d18d69fe4f985ec81778c1b370b652a8',
  'b6a6d8921942dd9806607ebc2750416b289adea669198769f2e15ed926c3aa92bf88ece232317b4ea463e84b0fcd3b53577812ee449ccc448eb45e6f544e25b6',
  'ac27495480225222079d7be181583751e86f571027b0497b5b5d11218e0a8a13332572917f0f8e5a589620c6f15b11c61dee327651a14c34e18231052e48c069',
  'dd44ee516b0647e80b488e8dcc56d736a148f15276bef588b37057476d4b2b25780d3688a32b37353d6995997842c0fd8b412475c891c16310471fbc86dcbda8',
  '448432b942354873f5220245200b03832bf44c075ca4113682bca4ac7e4632f031dd9c7d1c8822f29533c97b4ec93be3b384b39c7fc4fb6f9b708e67e327adb4',
  '9dfc3c64c2f8bede1533b6a79f8570e5943e0b8fd1cf77107adf7b72cef42185d564a3aee24cab43f80e3c4538087d70fc824eabbad596a23c97b6ee8322ccc0',
  '6ec83e9d63facafba57a35f34299e8243225ae45ab8ffaab5c18188be138e803d7f284a80240881d4a36c883829eab38a23c90ce55cb33da04e3238284a2bbd4',
];

/**
 * Why nobody may trust this master secret, or undefined. A secret that is published or has a pattern is no secret: whoever
 * guesses it prints money.
 */
export function weaknessOf(master: Bytes): string | undefined {
  if (master.length < MASTER_SECRET_MIN_BYTES) return `shorter than ${MASTER_SECRET_MIN_BYTES} bytes`;
  if (isPublished(master)) return 'a published test secret';
  if (master.every((byte) => byte >= 0x20 && byte < 0x7f)) return 'text, not random bytes';
  return isPatterned(master) ? 'a pattern, not random bytes' : undefined;
}

function isPublished(master: Bytes): boolean {
  const isHashOfPhrase = PUBLISHED_PHRASES.some((phrase) => bytesEqual(master, sha256(utf8(phrase))));
  return isHashOfPhrase || PUBLISHED_SEEDS.some((seed) => bytesEqual(fromHex(seed).subarray(0, master.length), master));
}

/** Few different bytes, the same step from each byte to the next, or a second half that repeats the first. */
function isPatterned(master: Bytes): boolean {
  if (new Set(master).size < MIN_DISTINCT_BYTES) return true;
  const steps = new Set(master.subarray(1).map((byte, at) => byte - (master[at] ?? 0)));
  const half = master.length >> 1;
  return steps.size === 1 || bytesEqual(master.subarray(0, half), master.subarray(half, 2 * half));
}
