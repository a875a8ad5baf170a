import { type Bytes, concat } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/**
 * Root (32 bytes) of the RFC 9162 tree over `leaves`: leaf sha(0x00 ‖ d), node sha(0x01 ‖ L ‖ R), split at the largest
 * power of two below n; sha("") of nothing.
 */
export function merkleTreeRoot(leaves: readonly Bytes[]): Bytes {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  return rootOfHashes(leaves.map((leaf) => sha256(LEAF, leaf)));
}

// Pairing neighbours level by level, with a lone last node carried up, gives the same tree as splitting from the top.
function rootOfHashes(hashes: readonly Bytes[]): Bytes {
  let level = hashes;
  while (level.length > 1) level = parentsOf(level);
  return level[0] ?? new Uint8Array(0);
}

function parentsOf(level: readonly Bytes[]): Bytes[] {
  const parents: Bytes[] = [];
  for (let index = 0; index < level.length; index += 2) {
    const [left, right] = level.slice(index, index + 2);
    if (left !== undefined) parents.push(right === undefined ? left : sha256(concat(NODE, left, right)));
  }
  return parents;
}
