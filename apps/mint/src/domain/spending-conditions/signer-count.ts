import type { Bytes } from '@assay/shared/kernel/bytes';
import { schnorrVerify } from '@assay/shared/kernel/schnorr';
import type { Multisig } from './conditions.ts';

/**
 * Verifications of one request that may come out wrong. A wallet's own order of signatures costs it a few; without a bound
 * a megabyte of useless signatures would cost 170,000 verifications of some 100 µs. The right ones are bounded by the size
 * of the request.
 */
const MISSES_MAX = 1_024;

type Pair = readonly [signature: number, key: number];

/** How many different keys signed the 32-byte message, counted up to the needed number. */
export type SignerCount = (message: Bytes, signatures: readonly Bytes[], multisig: Multisig) => bigint;

/** Counts for the inputs of one request. After too many wrong signatures nothing counts any more. */
export function signerCount(missesMax = MISSES_MAX): SignerCount {
  let misses = 0;
  // Wallets sign all their proofs alike, so what matched at the last input is tried first.
  let lastMatches: readonly Pair[] = [];

  return (message, signatures, { keys, needed }) => {
    const signerOf = new Map<number, number>();
    const isTaken = ([signature, key]: Pair) => signerOf.has(signature) || [...signerOf.values()].includes(key);
    for (const pair of candidates(lastMatches, signatures.length, keys.length)) {
      if (BigInt(signerOf.size) >= needed || misses >= missesMax) break;
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
