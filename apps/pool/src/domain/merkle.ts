import { type Bytes, concat } from '@assay/shared/kernel/bytes';
import { doubleSha256, sha256 } from '@assay/shared/kernel/hash';

const LEAF = Uint8Array.of(0);
const NODE_PREFIX = 1;

/** Merkle tree hash of RFC 9162 over the given entries; of nothing: SHA-256 of the empty string. */
export function merkleTreeHash(entries: readonly Bytes[]): Bytes {
  return rootOfLeaves(entries.map((entry) => sha256(LEAF, entry)));
}

/**
 * The same from leaf hashes sha(0x00 ‖ entry). Level by level: an odd last node moves up unchanged, which is the same
 * tree as splitting at the largest power of two.
 */
export function rootOfLeaves(leaves: readonly Bytes[]): Bytes {
  const node = new Uint8Array(65).fill(NODE_PREFIX, 0, 1);
  let level = leaves;
  while (level.length > 1) {
    const above: Bytes[] = [];
    for (let index = 0; index + 1 < level.length; index += 2) {
      node.set(level[index] ?? LEAF, 1);
      node.set(level[index + 1] ?? LEAF, 33);
      above.push(sha256(node));
    }
    const odd = level.length % 2 === 1 ? level.at(-1) : undefined;
    if (odd !== undefined) above.push(odd);
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
