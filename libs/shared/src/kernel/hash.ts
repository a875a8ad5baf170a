import { hash } from 'node:crypto';
import { type Bytes, concat, utf8 } from './bytes.ts';

export function sha256(...parts: readonly Bytes[]): Bytes {
  const only = parts[0];
  return hash('sha256', parts.length === 1 && only !== undefined ? only : concat(...parts), 'buffer');
}

/** sha ∘ sha, as Bitcoin hashes headers and transactions. */
export function doubleSha256(...parts: readonly Bytes[]): Bytes {
  return hash('sha256', sha256(...parts), 'buffer');
}

/** BIP-340 tagged hash: sha(sha(tag) ‖ sha(tag) ‖ message). */
export function taggedHash(tag: string, message: Bytes): Bytes {
  const prefix = sha256(utf8(tag));
  return sha256(prefix, prefix, message);
}
