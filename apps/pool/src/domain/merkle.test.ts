import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bytes, concat, toHex } from '@assay/shared/kernel/bytes';
import { doubleSha256, sha256 } from '@assay/shared/kernel/hash';
import { merkleBranch, merkleTreeHash } from './merkle.ts';

const entries = (max: number) => fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: max });

/** RFC 9162 section 2.1.1, word for word. */
function treeHash(of: readonly Bytes[]): Bytes {
  const [only] = of;
  if (only === undefined) return sha256(new Uint8Array(0));
  if (of.length === 1) return sha256(Uint8Array.of(0), only);
  let split = 1;
  while (split * 2 < of.length) split *= 2;
  return sha256(Uint8Array.of(1), treeHash(of.slice(0, split)), treeHash(of.slice(split)));
}

/** The root of a block, word for word. */
function blockRoot(hashes: readonly Bytes[]): Bytes {
  const [only] = hashes;
  if (hashes.length === 1 && only !== undefined) return only;
  const even = hashes.length % 2 === 0 ? hashes : [...hashes, ...hashes.slice(-1)];
  const above: Bytes[] = [];
  for (let index = 0; index < even.length; index += 2) above.push(doubleSha256(...even.slice(index, index + 2)));
  return blockRoot(above);
}

describe('merkle trees', () => {
  it('the root of the shares is that of RFC 9162', () => {
    fc.assert(
      fc.property(entries(40), (of) => {
        expect(toHex(merkleTreeHash(of))).toBe(toHex(treeHash(of)));
      }),
    );
  });

  it('the branch leads from any coinbase to the root of the block', () => {
    fc.assert(
      fc.property(entries(40), fc.uint8Array({ minLength: 32, maxLength: 32 }), (txids, coinbase) => {
        const root = merkleBranch(txids).reduce((hash, sibling) => doubleSha256(concat(hash, sibling)), coinbase);
        expect(toHex(root)).toBe(toHex(blockRoot([coinbase, ...txids])));
      }),
    );
  });
});
