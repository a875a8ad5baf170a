import { type Bytes, bytesEqual, concat, u8 } from '@assay/shared/kernel/bytes';
import { heightPush, type Payout } from './coinbase.ts';
import { EXTRANONCE_BYTES } from './template.ts';

/** What a coinbase of the chain says about who mined it. */
export interface OwnCoinbase {
  readonly extranonce: Bytes;
  /** Sat to the pool's scripts. */
  readonly reward: bigint;
}

const SCRIPT_MAX = 100;
const OUTPUTS_MAX = 4_096;

/** Reads bytes from the front; every read past the end makes it `broken` instead of throwing. */
class Reader {
  readonly #bytes: Bytes;
  #at = 0;
  broken = false;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  take(length: number): Bytes {
    const part = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    if (part.length < length) this.broken = true;
    return part;
  }

  /** Little-endian; exact up to 2^53, which is more than there are satoshi. */
  number(bytes: number): number {
    return this.take(bytes).reduceRight((value, byte) => value * 256 + byte, 0);
  }

  size(max: number): number {
    const first = this.number(1);
    const value = first < 0xfd ? first : this.number(2 ** (first - 0xfc));
    if (value > max) this.broken = true;
    return this.broken ? 0 : value;
  }

  startsWith(bytes: Bytes): boolean {
    return bytesEqual(this.#bytes.subarray(this.#at, this.#at + bytes.length), bytes);
  }
}

/**
 * The coinbase at `height` when it is one of this pool: it pays one of the scripts and has the layout and the tag of our
 * own. Undefined for any other, and for bytes that are no transaction.
 */
export function readOwnCoinbase(
  coinbase: Bytes,
  height: number,
  own: { readonly payouts: readonly Payout[]; readonly tag: Bytes },
): OwnCoinbase | undefined {
  const reader = new Reader(coinbase);
  reader.take(4);
  if (reader.startsWith(Uint8Array.of(0, 1))) reader.take(2);
  if (reader.size(1) !== 1) return undefined;
  reader.take(36);
  const script = reader.take(reader.size(SCRIPT_MAX));
  reader.take(4);
  const reward = rewardOf(reader, own.payouts);
  const extranonce = extranonceIn(script, height, own.tag);
  return reader.broken || reward === 0n || extranonce === undefined ? undefined : { extranonce, reward };
}

function rewardOf(reader: Reader, payouts: readonly Payout[]): bigint {
  let reward = 0n;
  for (let left = reader.size(OUTPUTS_MAX); left > 0 && !reader.broken; left -= 1) {
    const value = reader.number(8);
    const script = reader.take(reader.size(10_000));
    if (payouts.some((payout) => bytesEqual(payout.script, script))) reward += BigInt(value);
  }
  return reward;
}

function extranonceIn(script: Bytes, height: number, tag: Bytes): Bytes | undefined {
  const head = concat(heightPush(height), u8(EXTRANONCE_BYTES));
  const tail = tag.length === 0 ? tag : concat(u8(tag.length), tag);
  const end = head.length + EXTRANONCE_BYTES;
  const ours =
    script.length === end + tail.length &&
    bytesEqual(script.subarray(0, head.length), head) &&
    bytesEqual(script.subarray(end), tail);
  return ours ? script.subarray(head.length, end) : undefined;
}
