import type { Bytes } from '@assay/shared/kernel/bytes';
import { schnorrVerify } from '@assay/shared/kernel/schnorr';
import type { Multisig } from './conditions.ts';

/**
 * Verifications that may come out wrong: in a request, and more for each input. They suffice for eleven keys that signed in
 * any order. Without a bound ten kilobytes of useless signatures would buy 1,700 verifications of some 100 µs. Those that
 * come out right are bounded by the size of the request. No witness takes more of them than it would have alone, so that
 * none is long work by itself.
 */
const MISSES_OF_REQUEST = 64;
const MISSES_OF_INPUT = 2;

type Pair = readonly [signature: number, key: number];

/** How many different keys signed the 32-byte message, counted up to the needed number. */
export type SignerCount = (message: Bytes, signatures: readonly Bytes[], multisig: Multisig) => bigint;

/** Counts for the witnesses of one request. After too many wrong signatures nothing counts any more. */
export function signerCount(witnesses: number): SignerCount {
  const missesMax = MISSES_OF_REQUEST + MISSES_OF_INPUT * witnesses;
  let misses = 0;
  // Wallets sign all their proofs alike, so what matched at the last input is tried first.
  let lastMatches: readonly Pair[] = [];

  return (message, signatures, { keys, needed }) => {
    const missesUntil = Math.min(missesMax, misses + MISSES_OF_REQUEST + MISSES_OF_INPUT);
    const signerOf = new Map<number, number>();
    const isTaken = ([signature, key]: Pair) => signerOf.has(signature) || [...signerOf.values()].includes(key);
    for (const pair of candidates(lastMatches, signatures.length, keys.length)) {
      if (BigInt(signerOf.size) >= needed || misses >= missesUntil) break;
      if (isTaken(pair)) continue;
      if (signs(pair, message, signatures, keys)) signerOf.set(...pair);
      else misses += 1;
    }
    lastMatches = [...signerOf];
    return BigInt(signerOf.size);
  };
}

function* candidates(first: readonly Pair[], signatures: number, keys: number): Iterable<Pair> {
  yield* first.filter(([signature, key]) => signature < signatures && key < keys);
  for (let signature = 0; signature < signatures; signature += 1) {
    for (let key = 0; key < keys; key += 1) yield [signature, key];
  }
}

function signs([signatureAt, keyAt]: Pair, message: Bytes, signatures: readonly Bytes[], keys: readonly Bytes[]) {
  const signature = signatures[signatureAt];
  const key = keys[keyAt];
  return signature !== undefined && key !== undefined && schnorrVerify(signature, message, key);
}
