import { bech32 } from '@scure/base';
import { assert } from '@assay/shared/kernel/assert';
import { bigintToBytes, type Bytes, concat, u8, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import secp256k1 from 'secp256k1';

// BOLT-11: the text of a Lightning payment request.

/** What a payment request of this mint says. */
export interface Bolt11Request {
  readonly amountSat: bigint;
  readonly createdAtS: bigint;
  readonly expiryS: bigint;
  /** Blocks that the last hop asks for; left out it means 18, which not every reader knows. */
  readonly finalBlocks?: bigint;
  /** 32 bytes each. */
  readonly paymentHash: Bytes;
  readonly paymentSecret: Bytes;
  /** At most 639 bytes in UTF-8: the length of a field is 1,023 words of 5 bits. */
  readonly description: string;
}

/** What of anybody's payment request matters to whoever pays it. */
export interface ReadBolt11 {
  /** Undefined when the payer chooses it. */
  readonly amountMsat: bigint | undefined;
  /** 32 bytes. */
  readonly paymentHash: Bytes;
}

const TEXT_MAX = 4_096;
const TIMESTAMP_WORDS = 7;
const SIGNATURE_WORDS = 104;
const HASH_WORDS = 52;
const TAGS = { paymentHash: 1, features: 5, expiry: 6, description: 13, paymentSecret: 16, finalBlocks: 24 } as const;
/** Bits 8 (variable onion) and 14 (payment secret): both required, as every node asks. */
const FEATURE_WORDS = [16, 8, 0];

/** Largest first; an amount is written with the first that divides it. msat = digits × numerator ÷ denominator. */
const UNITS = {
  '': { numerator: 100_000_000_000n, denominator: 1n },
  m: { numerator: 100_000_000n, denominator: 1n },
  u: { numerator: 100_000n, denominator: 1n },
  n: { numerator: 100n, denominator: 1n },
  p: { numerator: 1n, denominator: 10n },
} as const;

/** Text with a checksum and a signature of `nodeSecret` (32 bytes) that everybody can check. */
export function writeBolt11(request: Bolt11Request, nodeSecret: Bytes): string {
  const prefix = `lnbc${amountText(request.amountSat * 1_000n)}`;
  const words = [
    ...integerWords(request.createdAtS, TIMESTAMP_WORDS),
    ...field(TAGS.paymentSecret, bech32.toWords(request.paymentSecret)),
    ...field(TAGS.paymentHash, bech32.toWords(request.paymentHash)),
    ...field(TAGS.description, bech32.toWords(utf8(request.description))),
    ...field(TAGS.expiry, integerWords(request.expiryS)),
    ...(request.finalBlocks === undefined ? [] : field(TAGS.finalBlocks, integerWords(request.finalBlocks))),
    ...field(TAGS.features, FEATURE_WORDS),
  ];
  const { signature, recid } = secp256k1.ecdsaSign(sha256(utf8(prefix), packed(words)), nodeSecret);
  return bech32.encode(prefix, [...words, ...bech32.toWords(concat(signature, u8(recid)))], false);
}

/**
 * Reads what a payer needs and no more: requests of every network, expired ones, and fields in any order, as wallets
 * bring them. The signature is not judged: the node that is paid does that.
 */
export function readBolt11(text: string): Result<ReadBolt11, 'not-bolt11'> {
  const decoded = text.length > TEXT_MAX ? undefined : bech32.decodeUnsafe(text, false);
  const paymentHash = decoded && hashIn(decoded.words.slice(TIMESTAMP_WORDS, -SIGNATURE_WORDS));
  const amountMsat = decoded && amountIn(decoded.prefix);
  if (paymentHash === undefined || amountMsat === undefined) return err('not-bolt11');
  return ok({ amountMsat: amountMsat === 'payer' ? undefined : amountMsat, paymentHash });
}

/** msat; undefined in a prefix that is none of Lightning. */
function amountIn(prefix: string): bigint | 'payer' | undefined {
  const found = /^ln(?:bcrt|bc|tbs|tb|sb)(?:(?<digits>[1-9]\d{0,17})(?<unit>[munp]?))?$/.exec(prefix);
  if (found === null) return undefined;
  const { digits, unit = '' } = found.groups ?? {};
  if (digits === undefined) return 'payer';
  const { numerator, denominator } = UNITS[unit as keyof typeof UNITS];
  const scaled = BigInt(digits) * numerator;
  return scaled % denominator === 0n ? scaled / denominator : undefined;
}

/** The first payment hash of the tagged fields: type, length in two words, content. */
function hashIn(words: readonly number[]): Bytes | undefined {
  for (let at = 0; at + 3 <= words.length;) {
    const [type, high = 0, low = 0] = words.slice(at, at + 3);
    const content = words.slice(at + 3, at + 3 + high * 32 + low);
    if (type === TAGS.paymentHash && content.length === HASH_WORDS) return bech32.fromWordsUnsafe(content) ?? undefined;
    at += 3 + high * 32 + low;
  }
  return undefined;
}

function amountText(msat: bigint): string {
  for (const [unit, { numerator, denominator }] of Object.entries(UNITS)) {
    if ((msat * denominator) % numerator === 0n) return `${(msat * denominator) / numerator}${unit}`;
  }
  throw new Error(`${msat} msat have no text`);
}

function field(type: number, content: readonly number[]): number[] {
  assert(content.length < 1_024, `a field of ${content.length} words`);
  return [type, content.length >> 5, content.length & 31, ...content];
}

/** Big-endian words of 5 bits; without a length as few as there are. */
function integerWords(value: bigint, length?: number): number[] {
  const words: number[] = [];
  for (let rest = value; rest > 0n; rest >>= 5n) words.unshift(Number(rest & 31n));
  while (words.length < (length ?? 1)) words.unshift(0);
  return words;
}

/** The bits of the words, filled with zeros to whole bytes. */
function packed(words: readonly number[]): Bytes {
  const missing = (8 - ((words.length * 5) % 8)) % 8;
  let bits = 0n;
  for (const word of words) bits = (bits << 5n) | BigInt(word);
  return bigintToBytes(bits << BigInt(missing), (words.length * 5 + missing) / 8);
}
