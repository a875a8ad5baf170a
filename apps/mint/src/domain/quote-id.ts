import { assert } from '@assay/shared/kernel/assert';
import { type Bytes, toHex, utf8 } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';
import { sha256 } from '@assay/shared/kernel/hash';

/** UUIDv7 (RFC 9562 section 5.7) of an instant and 10 random bytes, of which 74 bits are used. */
export function uuidV7(at: UnixMs, random: Bytes): string {
  assert(random.length === 10, 'a UUIDv7 takes 10 random bytes');
  const bytes = Uint8Array.from(random);
  bytes[0] = 0x70 | ((bytes[0] ?? 0) & 0x0f);
  bytes[2] = 0x80 | ((bytes[2] ?? 0) & 0x3f);
  const hex = at.toString(16).padStart(12, '0') + toHex(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** What traces call a quote: enough to find it, too little to mint from it. 16 hex digits. */
export function quoteHash(quoteId: string): string {
  return toHex(sha256(utf8(quoteId))).slice(0, 16);
}
