import type { Bytes } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';

const BLOCK_BYTES = 64;

/** HMAC-SHA256 (RFC 2104): 32 bytes. */
export function hmacSha256(key: Bytes, message: Bytes): Bytes {
  const block = new Uint8Array(BLOCK_BYTES);
  block.set(key.length > BLOCK_BYTES ? sha256(key) : key);
  const inner = sha256(
    block.map((byte) => byte ^ 0x36),
    message,
  );
  return sha256(
    block.map((byte) => byte ^ 0x5c),
    inner,
  );
}
