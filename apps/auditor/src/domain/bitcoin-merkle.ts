import type { Bytes } from '@assay/shared/kernel/bytes';
import { doubleSha256 } from '@assay/shared/kernel/hash';

/** Bitcoin's Merkle root of at least one hash (internal order); an odd last one is paired with itself. */
export function bitcoinMerkleRoot(first: Bytes, others: readonly Bytes[]): Bytes {
  let level: readonly Bytes[] = [first, ...others];
  while (level.length > 1) level = pairUp(level);
  return level[0] ?? first;
}

/** Siblings on the way from the (yet unknown) coinbase to the root of a block with these other txids. */
export function coinbaseBranch(txids: readonly Bytes[]): Bytes[] {
  const branch: Bytes[] = [];
  let level = txids;
  while (level.length > 0) {
    const [sibling, ...rest] = level;
    if (sibling !== undefined) branch.push(sibling);
    level = pairUp(rest);
  }
  return branch;
}

function pairUp(level: readonly Bytes[]): Bytes[] {
  const parents: Bytes[] = [];
  for (let index = 0; index < level.length; index += 2) {
    const left = level[index];
    if (left !== undefined) parents.push(doubleSha256(left, level[index + 1] ?? left));
  }
  return parents;
}
