import { type Bytes, concat } from '@assay/shared/kernel/bytes';
import { doubleSha256, sha256 } from '@assay/shared/kernel/hash';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** Merkle tree hash of RFC 9162 over the given entries; of nothing: SHA-256 of the empty string. */
export function merkleTreeHash(entries: readonly Bytes[]): Bytes {
  if (entries.length === 0) return sha256(new Uint8Array(0));
  return rootOf(entries.map((entry) => sha256(concat(LEAF, entry))));
}

/**
 * Root over leaf hashes, level by level: an odd last node moves up unchanged, which is the same tree as splitting at
 * the largest power of two.
 */
function rootOf(leaves: readonly Bytes[]): Bytes {
  let level = leaves;
  while (level.length > 1) {
    const above: Bytes[] = [];
    for (let index = 0; index < level.length; index += 2) {
      const [left, right] = level.slice(index, index + 2);
      if (left !== undefined) above.push(right === undefined ? left : sha256(concat(NODE, left, right)));
    }
    level = above;
  }
  return level[0] ?? sha256(new Uint8Array(0));
}

/**
 * Siblings on the way from the coinbase to the root of a block, lowest first (01-pool section 3).
 * @param txids of all transactions but the coinbase, internal byte order
 */
export function merkleBranch(txids: readonly Bytes[]): Bytes[] {
  const branch: Bytes[] = [];
  // The coinbase holds place 0 of every level and is not known here; its siblings do not depend on it.
  let rest: readonly Bytes[] = txids;
  while (rest.length > 0) {
    const [sibling, ...others] = rest;
    if (sibling !== undefined) branch.push(sibling);
    rest = pairHashes(others);
  }
  return branch;
}

function pairHashes(hashes: readonly Bytes[]): Bytes[] {
  const above: Bytes[] = [];
  for (let index = 0; index < hashes.length; index += 2) {
    const [left, right] = hashes.slice(index, index + 2);
    if (left !== undefined) above.push(doubleSha256(concat(left, right ?? left)));
  }
  return above;
}
