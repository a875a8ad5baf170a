import { assert } from '@assay/shared/kernel/assert';
import { type Bytes, concat, u8, u32le } from '@assay/shared/kernel/bytes';
import { EXTRANONCE_BYTES } from './template.ts';

// Layout of 01-pool section 3, "Building".

/** One entry of POOL_PAYOUTS: output script and its parts per million of the coinbase value; all of them 1,000,000. */
export interface Payout {
  readonly script: Bytes;
  readonly ppm: number;
}

export const PPM = 1_000_000n;
export const COINBASE_TAG_MAX = 40;

interface Output {
  readonly value: bigint;
  readonly script: Bytes;
}

export interface CoinbaseFields {
  readonly height: number;
  /** Sat. */
  readonly value: bigint;
  readonly payouts: readonly Payout[];
  /** Empty: no push. */
  readonly tag: Bytes;
  /** Script of `default_witness_commitment`, if the node gave one. */
  readonly witnessCommitment: Bytes | undefined;
}

export interface CoinbaseParts {
  /** Up to and with the push opcode of the extranonce. */
  readonly prefix: Bytes;
  readonly suffix: Bytes;
}

const VERSION = u32le(2);
const SEQUENCE = u32le(0xffff_ffff);
const LOCK_TIME = u32le(0);
const NO_OUTPUT = concat(new Uint8Array(32), u32le(0xffff_ffff));
const SMALL_NUMBER = 0x50;

export function coinbaseParts(fields: CoinbaseFields): CoinbaseParts {
  const height = heightPush(fields.height);
  const tag = fields.tag.length === 0 ? fields.tag : concat(u8(fields.tag.length), fields.tag);
  const scriptBytes = height.length + 1 + EXTRANONCE_BYTES + tag.length;
  assert(scriptBytes <= 100, 'the script of a coinbase has at most 100 bytes');
  return {
    prefix: concat(VERSION, u8(1), NO_OUTPUT, u8(scriptBytes), height, u8(EXTRANONCE_BYTES)),
    suffix: concat(tag, SEQUENCE, outputBytes(outputsOf(fields)), LOCK_TIME),
  };
}

/** The push of a block height that nodes expect: for 1 … 16 one opcode, else a minimal little-endian signed number. */
export function heightPush(height: number): Bytes {
  assert(Number.isInteger(height) && height > 0 && height < 2 ** 31, `not a height to mine at: ${height}`);
  if (height <= 16) return u8(SMALL_NUMBER + height);
  const digits: number[] = [];
  for (let rest = height; rest > 0; rest = Math.floor(rest / 256)) digits.push(rest % 256);
  if ((digits.at(-1) ?? 0) >= 0x80) digits.push(0);
  return Uint8Array.of(digits.length, ...digits);
}

/** Each share rounded down, the whole remainder to the first entry, outputs of nothing left out. */
function outputsOf({ value, payouts, witnessCommitment }: CoinbaseFields): readonly Output[] {
  const parts = payouts.map(({ script, ppm }) => ({ script, value: (value * BigInt(ppm)) / PPM }));
  const rest = value - parts.reduce((sum, part) => sum + part.value, 0n);
  const paid = parts.map((part, index) => (index === 0 ? { ...part, value: part.value + rest } : part));
  const commitment = witnessCommitment === undefined ? [] : [{ script: witnessCommitment, value: 0n }];
  return [...paid.filter((output) => output.value > 0n), ...commitment];
}

function outputBytes(outputs: readonly Output[]): Bytes {
  return concat(
    compactSize(outputs.length),
    ...outputs.flatMap(({ value, script }) => [u64le(value), compactSize(script.length), script]),
  );
}

/** Number of items or bytes in front of a list. */
export function compactSize(value: number): Bytes {
  if (value < 0xfd) return u8(value);
  if (value <= 0xffff) return Uint8Array.of(0xfd, value & 0xff, value >>> 8);
  return concat(u8(0xfe), u32le(value));
}

function u64le(value: bigint): Bytes {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, value, true);
  return out;
}
